#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dose series as labs meet them, with their truth: right, or a warning; never wrong without a word.

Oblique layers, no cap, no substrate, buried glass, pockets under the cap; and each turned by 180 degrees, which must not matter. Right: within 0.04 of
the interval of the truth (strict; with half of the partly ordered rim). Skipped where the folder of series is absent.
"""
import csv
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import numpy
from PIL import Image
import tifffile

PROGRAM = os.environ.get("METAMICT", "build/dev/metamict")
SOURCE = pathlib.Path(os.environ.get("METAMICT_SOURCE_DIR", ".")).resolve()
LAB = SOURCE.parent / "shared/lab"
SERIES = {
    "oblique": ("a_obl_d0", "a_obl_d5", (0.609, 0.66)),
    "no cap": ("c_nocap_d0", "c_nocap_d1", (0.241, 0.29)),
    "no substrate": ("d_nosub_d0", "d_nosub_d1", (0.205, 0.23)),
    "buried": ("f_buried_d0", "f_buried_d1", (0.305, 0.35)),
    "pockets": ("f_buried_d0", "g_pockets_d5", (0.272, 0.33)),
}


@unittest.skipUnless(LAB.exists() and (SOURCE / "models/metamict-resnet50.pt").exists(), f"no folder {LAB}, or no trained encoder")
class LabSeries(unittest.TestCase):
    def run_series(self, first, later, half_turns):
        with tempfile.TemporaryDirectory(prefix="metamict-lab-") as folder:
            for name in (first, later):
                image = numpy.rot90(tifffile.imread(LAB / f"{name}.tif"), 2 * half_turns)
                tifffile.imwrite(f"{folder}/{name}.tif", numpy.ascontiguousarray(image))
            done = subprocess.run([PROGRAM, "series", f"{folder}/{first}.tif=0", f"{folder}/{later}.tif=0.5", "--output", f"{folder}/out", "--cut", "nested", "--looks", "0",
                                   "--pixel-size", "0.0245nm", "--graphml", "none", "--quiet"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{folder}/out/series.csv", newline="") as file:
                return list(csv.DictReader(file))

    def judge(self, half_turns):
        right = 0
        for kind, (first, later, (least, most)) in SERIES.items():
            with self.subTest(kind=kind, half_turns=half_turns):
                undamaged, damaged = self.run_series(first, later, half_turns)
                self.assertEqual(float(undamaged["amorphous_fraction_film"]), 0)
                self.assertEqual(undamaged["warnings"], "")
                self.assertAlmostEqual(float(undamaged["film_thickness_nm"]), {"no substrate": 9.9}.get(kind, 5.1), delta=0.3)
                if damaged["warnings"]:  # a number in doubt is not given
                    self.assertEqual((damaged["amorphous_fraction_film"], damaged["front_depth_nm_mean"]), ("", ""))
                    continue
                value = float(damaged["amorphous_fraction_film"])
                self.assertTrue(least - 0.04 <= value <= most + 0.04, f"{value} without a word, truth {least} to {most}")
                right += 1
        self.assertGreaterEqual(right, 4)

    def test_without_a_film_there_is_no_number(self):
        truth = numpy.asarray(Image.open(LAB / "f_buried_d0_truth.png"))
        rows, columns = numpy.nonzero(truth == 2)  # the film
        middle = numpy.argsort(rows)[len(rows) // 2]
        with tempfile.TemporaryDirectory(prefix="metamict-lab-") as folder:
            layers = pathlib.Path(folder) / "layers.csv"
            layers.write_text(f"image,x_px,y_px,layer\nagain,{columns[middle]},{rows[middle]},cap\nagain,256,50,film\n")  # upside down: no film below the cap
            shutil.copy(LAB / "f_buried_d0.tif", f"{folder}/again.tif")
            done = subprocess.run([PROGRAM, "series", f"{LAB}/f_buried_d0.tif=0", f"{folder}/again.tif=0.5", "--output", f"{folder}/out", "--cut", "nested", "--looks", "0", "--pixel-size", "0.0245nm",
                                   "--graphml", "none", "--quiet", "--layers", layers], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(f"{folder}/out/series.csv", newline="") as file:
                _, row = csv.DictReader(file)
        self.assertEqual(row["amorphous_fraction_film"], "")
        self.assertIn("no film is seen", row["warnings"])

    def test_as_they_are(self):
        self.judge(0)

    def test_turned_by_half(self):
        self.judge(1)


if __name__ == "__main__":
    unittest.main()
