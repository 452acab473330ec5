# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of maps beside a micrograph share: a crystal of one lattice, runs of the program with the fake encoder, and its files."""
import csv
import json
import subprocess
import unittest

import numpy
from PIL import Image

from batch_runs import FAKE, Place


def crystal(rows=96, cols=96, seed=0):
    rng = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:rows, 0:cols]
    return rng.poisson(30 * (2 + numpy.cos(numpy.pi * x / 2) + numpy.cos(numpy.pi * y / 2))).astype("<f4")


class MapRuns(unittest.TestCase):
    """`every`: options of all runs. `apart_px`: how far from the border at column 48 the two halves have to be told."""
    every = ("--chip-size", "16", "--stride", "4", "--threads", "2", "--graphml", "none")
    apart_px = 8

    def setUp(self):
        self.place = Place().__enter__()
        self.path = self.place.path
        self.image = self.path / "film.npy"
        numpy.save(self.image, crystal())

    def tearDown(self):
        self.place.__exit__()

    def segment(self, output, *more, code=0, image=None):
        looks = () if "--looks" in more else ("--looks", "0")
        ran = subprocess.run([str(part) for part in (FAKE, "segment", image or self.image, "--output", self.path / output, *self.every, *looks, *more)],
                             env=self.place.environment(), capture_output=True, text=True, timeout=240)
        self.assertEqual(ran.returncode, code, ran.stderr)
        return ran

    def labels(self, output, rule="nested"):
        return numpy.array(Image.open(self.path / output / "film" / rule / "labels.tif"))

    def report(self, output):
        return json.loads((self.path / output / "film" / "report.json").read_text())

    def rows(self, output, name):
        with open(self.path / output / "film" / name, newline="") as file:
            return list(csv.DictReader(file))

    def halves_are_told(self, output):
        found = self.labels(output)
        left, right = found[:, :48 - self.apart_px], found[:, 48 + self.apart_px:]
        return len(numpy.unique(found)) == 2 and (left == left[0, 0]).mean() > 0.97 and (right == right[0, 0]).mean() > 0.97 and left[0, 0] != right[0, 0]
