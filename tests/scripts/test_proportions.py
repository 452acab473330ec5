#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pixels that are not square: every output that can hold both edges of a pixel holds them, as other programs read them."""
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
WIDTH_NM, HEIGHT_NM = 0.034, 0.068


def run_program(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)


class Proportions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="metamict-proportions-")
        cls.path = pathlib.Path(cls.folder.name)
        tiny = subprocess.run(["/usr/bin/python3", SOURCE / "scripts/make_untrained_encoder.py", "--tiny", cls.path], capture_output=True, text=True)
        assert tiny.returncode == 0, tiny.stderr
        encoder = next(cls.path.glob("*.pt"))
        picture = tifffile.imread(SOURCE / "data/lfo_sto_0p1dpa.tif")[300:620, 200:600].astype("f4")
        tall = picture.reshape(-1, 2, picture.shape[1]).mean(1)  # two rows become one
        tifffile.imwrite(cls.path / "tall.tif", tall, imagej=True, resolution=(1 / WIDTH_NM, 1 / HEIGHT_NM), metadata={"unit": "nm"})
        tifffile.imwrite(cls.path / "square.tif", picture, imagej=True, resolution=(1 / WIDTH_NM, 1 / WIDTH_NM), metadata={"unit": "nm"})
        for name in ("tall", "square"):
            done = run_program("series", f"{cls.path / name}.tif=0", "--output", cls.path / "out" / name, "--encoder", encoder, "--trust-encoder",
                               "--write", "hspy", "--quiet")
            assert done.returncode == 0, done.stderr
        cls.results = cls.path / "out/tall/tall"
        cls.report = json.loads((cls.results / "report.json").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_the_report_has_both_edges_and_a_note(self):
        image = self.report["image"]
        self.assertAlmostEqual(image["pixel_width_nm"], WIDTH_NM, 6)
        self.assertAlmostEqual(image["pixel_height_nm"], HEIGHT_NM, 6)
        self.assertAlmostEqual(image["nm_per_pixel"], (WIDTH_NM * HEIGHT_NM) ** 0.5, 6)
        self.assertTrue(any("not square" in note for note in self.report["notes"]))

    def test_the_lattice_is_that_of_the_same_field_with_square_pixels(self):
        square = json.loads((self.path / "out/square/square/report.json").read_text())
        ours, theirs = (r["image"]["lattice_period_px"] * r["image"]["nm_per_pixel"] for r in (self.report, square))
        self.assertLess(abs(ours / theirs - 1), 0.03)
        self.assertLess(abs(self.report["grid"]["chips"] / square["grid"]["chips"] - 1), 0.1)

    def test_label_maps_are_calibrated_in_both_directions(self):
        maps = [self.results / rule / "labels.tif" for rule in self.report["rules"]] + [self.results / "series/labels.tif"]
        for path in maps:
            with tifffile.TiffFile(path) as file:
                tags = file.pages[0].tags
                for name, edge in (("XResolution", WIDTH_NM), ("YResolution", HEIGHT_NM)):
                    over, under = tags[name].value
                    self.assertAlmostEqual(under / over, edge, 6)
                self.assertAlmostEqual(tags[65009].value, WIDTH_NM, 6)  # Gatan: scale of x, then of y
                self.assertAlmostEqual(tags[65010].value, HEIGHT_NM, 6)

    def test_hyperspy_axes_have_their_own_scales(self):
        for rule in self.report["rules"]:
            with h5py.File(self.results / rule / "labels.hspy") as file:
                (signal,) = file["Experiments"].values()
                self.assertAlmostEqual(float(signal["axis-0"].attrs["scale"]), HEIGHT_NM, 6)
                self.assertAlmostEqual(float(signal["axis-1"].attrs["scale"]), WIDTH_NM, 6)
        with h5py.File(self.results / "order.hspy") as file:
            (signal,) = file["Experiments"].values()
            down, across = (float(signal[f"axis-{k}"].attrs["scale"]) for k in (0, 1))
            self.assertLess(abs(down / across - 1), 0.02, "chips are laid in real proportions")

    def test_outlines_and_inspect_say_both(self):
        outlines = json.loads((self.results / "series/outlines.geojson").read_text())
        self.assertAlmostEqual(outlines["pixel_size_nm"]["height"], HEIGHT_NM, 6)
        self.assertAlmostEqual(outlines["pixel_size_nm"]["width"], WIDTH_NM, 6)
        said = run_program("inspect", self.path / "tall.tif").stdout
        self.assertIn("0.034 nm wide x 0.068 nm high", said)
        (looked,) = json.loads(run_program("inspect", self.path / "tall.tif", "--json").stdout)
        numpy.testing.assert_allclose(looked["datasets"][0]["nm_per_pixel"], [HEIGHT_NM, WIDTH_NM], rtol=1e-5)

    def test_areas_are_those_of_the_field_of_view(self):
        rows, cols = self.report["image"]["rows"], self.report["image"]["cols"]
        for rule in self.report["rules"].values():
            area = sum(region["area_nm2"] for region in rule["regions"])
            self.assertLessEqual(area, rows * cols * WIDTH_NM * HEIGHT_NM * 1.0001)
        shares = [sum(r["area_px"] for r in rule["regions"]) / (rows * cols) for rule in self.report["rules"].values()]
        self.assertGreater(max(shares), 0.5)


if __name__ == "__main__":
    unittest.main()
