#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every JSON output holds to its schema in docs/schema, and the schemas refuse what is wrong."""
import copy
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

import jsonschema
import numpy

from batch_runs import FAKE, Place, lattice

SCHEMAS = Path(os.environ["METAMICT_SOURCE_DIR"]) / "docs" / "schema"
EVERY = ("--chip-size", "16", "--stride", "8", "--threads", "1")


def schema(name):
    text = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


class Schemas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.place.add_images(2, 80, 96)
        a, b = cls.place.images
        numpy.save(cls.place.path / "broken.npy", numpy.full((40, 40), numpy.nan, "<f4"))
        cls.ran("segment", a, b, cls.place.path / "broken.npy", "--output", cls.place.path / "out", *EVERY, "--looks", "2", codes=(1,))
        cls.ran("segment", a, "--output", cls.place.path / "shards", *EVERY, "--shard", "1/1")
        cls.ran("gather", cls.place.path / "shards")
        cls.ran("series", f"{a}=0", f"{b}=0.5", "--output", cls.place.path / "series", *EVERY, "--pixel-size", "0.02nm")
        cls.compared = json.loads(cls.ran("compare", cls.place.path / "series", cls.place.path / "out", "--json", codes=(0, 1)))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place.path)

    @classmethod
    def ran(cls, *arguments, codes=(0,)):
        ran = subprocess.run([str(part) for part in (FAKE, *arguments)], env=cls.place.environment(), capture_output=True, text=True, timeout=240)
        assert ran.returncode in codes, (arguments, ran.returncode, ran.stderr)
        return ran.stdout

    def read(self, name):
        return json.loads((self.place.path / name).read_text())

    def test_outputs_hold_to_their_schemas(self):
        for name, kind in (("out/image00000/report.json", "report"), ("series/image00001/report.json", "report"), ("out/run.json", "run"),
                           ("shards/run.1.json", "run"), ("shards/run.json", "run"), ("series/run.json", "run"), ("series/series.json", "series")):
            with self.subTest(name):
                schema(kind).validate(self.read(name))
        schema("compare").validate(self.compared)

    def test_every_key_of_the_outputs_is_in_the_schema(self):
        def unknown(value, rules, where=""):
            if "anyOf" in rules:
                rules = next((rule for rule in rules["anyOf"] if rule.get("type") == ("object" if isinstance(value, dict) else "array")), {})
            if isinstance(value, dict) and "properties" in rules:
                for key, below in value.items():
                    if key not in rules["properties"]:
                        yield f"{where}.{key}"
                    else:
                        yield from unknown(below, rules["properties"][key], f"{where}.{key}")
            elif isinstance(value, dict) and isinstance(rules.get("additionalProperties"), dict):
                for key, below in value.items():
                    yield from unknown(below, rules["additionalProperties"], f"{where}.{key}")
            elif isinstance(value, list):
                for below in value[:3]:
                    yield from unknown(below, rules.get("items", {}), f"{where}[]")
        for name, kind in (("out/image00000/report.json", "report"), ("shards/run.json", "run"), ("series/series.json", "series")):
            found = [key for key in unknown(self.read(name), schema(kind).schema) if not key.endswith(("pixel_height_nm", "pixel_width_nm"))]
            self.assertEqual(found, [], name)

    def test_what_is_wrong_is_refused(self):
        report = self.read("out/image00000/report.json")
        for spoil in (lambda r: r.pop("primary"), lambda r: r["grid"].update(chips=-1), lambda r: r["image"].update(sha256="none"),
                      lambda r: r["rules"][r["primary"]]["regions"][0].update(confidence=1.5), lambda r: r["graph"].update(kind="all")):
            spoiled = copy.deepcopy(report)
            spoil(spoiled)
            self.assertFalse(schema("report").is_valid(spoiled))


if __name__ == "__main__":
    unittest.main()
