#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""--write hspy: h5py reads the maps as HyperSpy would, and the program reads them back."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import h5py
import numpy
import tifffile

PROGRAM = os.environ.get("METAMICT", "build/dev/metamict")
SOURCE = pathlib.Path(os.environ.get("METAMICT_SOURCE_DIR", ".")).resolve()


def attributes(group):
    """As HyperSpy reads them: text decoded, numpy scalars as they are."""
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in group.attrs.items()}


class HyperSpyMaps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="metamict-hspy-")
        cls.path = pathlib.Path(cls.folder.name)
        tiny = subprocess.run(["/usr/bin/python3", SOURCE / "scripts/make_untrained_encoder.py", "--tiny", cls.path], capture_output=True, text=True)
        assert tiny.returncode == 0, tiny.stderr
        cls.encoder = next(cls.path.glob("*.pt"))
        picture = tifffile.imread(SOURCE / "data/lfo_sto_0p1dpa.tif")[300:620, 200:600]
        tifffile.imwrite(cls.path / "film.tif", picture)
        for out in ("one", "two"):
            done = cls.run_program("segment", cls.path / "film.tif", "--output", cls.path / out, "--encoder", cls.encoder, "--trust-encoder",
                                   "--pixel-size", "0.034nm", "--chip-size", "46", "--write", "hspy", "--quiet")
            assert done.returncode == 0, done.stderr
        cls.results = cls.path / "one/film"
        # The canonical image has whole rows: they may be off by half a row over the whole image.
        input_px = json.loads(cls.encoder.with_suffix(".json").read_text())["input_px"]
        cls.rounding = 0.5 / (picture.shape[0] * input_px / 46 - 0.5)
        cls.report = json.loads((cls.results / "report.json").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def run_program(*arguments):
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)

    def test_label_maps_hold_what_the_tiff_holds_with_axes_in_nm(self):
        for rule in self.report["rules"]:
            with h5py.File(self.results / rule / "labels.hspy") as file:
                self.assertEqual(attributes(file), {"file_format": "HyperSpy", "file_format_version": "3.1"})
                (signal,) = file["Experiments"].values()
                labels = signal["data"][...]
                self.assertEqual(labels.dtype, numpy.uint16)
                numpy.testing.assert_array_equal(labels, tifffile.imread(self.results / rule / "labels.tif"))
                for number, (name, size) in enumerate(zip("yx", labels.shape)):
                    axis = attributes(signal[f"axis-{number}"])
                    self.assertEqual((axis["name"], axis["units"], axis["size"], axis["scale"], axis["offset"], bool(axis["navigate"])),
                                     (name, "nm", size, 0.034, 0.0, False))
                self.assertEqual(attributes(signal["metadata/General"])["title"], f"labels {rule}")
                self.assertIn("metadata/Signal", signal)
                self.assertEqual(attributes(signal["original_metadata"])["notes"].split("\n")[:-1], self.report["notes"])

    def test_the_order_map_has_one_pixel_a_chip(self):
        chips = numpy.genfromtxt(self.results / "chips.csv", delimiter=",", names=True)
        grid = self.report["grid"]
        with h5py.File(self.results / "order.hspy") as file:
            (signal,) = file["Experiments"].values()
            order = signal["data"][...]
            self.assertEqual(order.shape, (grid["rows"], grid["cols"]))
            numpy.testing.assert_allclose(order.ravel(), chips["order"], atol=1e-5)
            self.assertLess(abs(attributes(signal["axis-0"])["scale"] / (0.034 * grid["stride_px"]) - 1), self.rounding)

    def test_the_program_reads_them_back_and_the_same_run_gives_the_same_bytes(self):
        done = self.run_program("inspect", "--json", self.results / "order.hspy")
        (entry,) = json.loads(done.stdout)
        (dataset,) = entry["datasets"]
        self.assertEqual((dataset["rows"], dataset["cols"], dataset["dtype"]), (self.report["grid"]["rows"], self.report["grid"]["cols"], "float32"))
        self.assertLess(abs(dataset["nm_per_pixel"][0] / (0.034 * self.report["grid"]["stride_px"]) - 1), self.rounding)
        for path in self.results.rglob("*.hspy"):
            self.assertEqual(path.read_bytes(), (self.path / "two/film" / path.relative_to(self.results)).read_bytes(), path)


if __name__ == "__main__":
    unittest.main()
