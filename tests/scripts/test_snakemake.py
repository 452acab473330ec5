#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/cluster/Snakefile on one machine: every image, the gathered records and a series; a lost image alone is made again.
The program runs with the fake encoder. Skipped where Debian's snakemake is not installed."""
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from batch_runs import FAKE, Place

SNAKEFILE = Path(os.environ["METAMICT_SOURCE_DIR"]) / "scripts" / "cluster" / "Snakefile"


@unittest.skipUnless(shutil.which("snakemake"), "snakemake is not installed")
class Workflow(unittest.TestCase):
    def snakemake(self, place, code=0):
        ran = subprocess.run(["snakemake", "-s", SNAKEFILE, "--cores", "2", "--config", "manifest=manifest.txt", "output=results", "series=series.csv",
                              "options=--chip-size 16 --stride 8 --cut mode --primary mode", f"program={FAKE}"],
                             cwd=place.path, env={**place.environment(), "HOME": str(place.path)}, capture_output=True, text=True, timeout=600)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def test_images_records_and_series(self):
        with Place() as place:
            place.add_images(3)
            (place.path / "series.csv").write_text("image,dose\n" + "".join(f"images/image{k:05}.npy,{k}\n" for k in range(3)))
            self.snakemake(place)
            results = place.path / "results"
            self.assertEqual([image["status"] for image in json.loads((results / "run.json").read_text())["images"]], ["done"] * 3)
            self.assertEqual(len((results / "series" / "series.csv").read_text().splitlines()), 4)
            self.assertIn("Nothing to be done", self.snakemake(place))
            kept = (results / "image00000" / "DONE.json").stat().st_mtime_ns
            before = (results / "image00001" / "mode" / "labels.tif").read_bytes()
            shutil.rmtree(results / "image00001")
            said = self.snakemake(place)
            self.assertEqual(said.count("rule image:"), 1)
            self.assertEqual((results / "image00001" / "mode" / "labels.tif").read_bytes(), before)
            self.assertEqual((results / "image00000" / "DONE.json").stat().st_mtime_ns, kept)
            (place.path / "images" / "image00002.npy").write_bytes(b"no image")
            shutil.rmtree(results / "image00002")
            self.snakemake(place, code=1)


if __name__ == "__main__":
    unittest.main()
