#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""series/RoiSet.zip as ImageJ reads it (header and path of composite selections): filled, the outlines are exactly the labels' pixels."""
import json
import struct
import subprocess
import unittest
import zipfile

import numpy
import tifffile

from batch_runs import FAKE, Place


def filled(roi: bytes, shape: tuple) -> numpy.ndarray:
    """By the even-odd rule; every edge lies between pixels."""
    assert roi[:4] == b"Iout" and roi[6] == 1, "a composite's type is rectangle"
    length, = struct.unpack(">i", roi[36:40])
    path, mask, at = struct.unpack(f">{length}f", roi[64:]), numpy.zeros((shape[0], shape[1] + 1), bool), 0
    start = here = None
    while at < length:
        command, corner = path[at], start if path[at] == 4 else (int(path[at + 1]), int(path[at + 2]))
        if command == 0:
            start = corner
        elif corner[0] == here[0]:
            mask[min(corner[1], here[1]):max(corner[1], here[1]), corner[0]] ^= True
        here, at = corner, at + (1 if command == 4 else 3)
    return numpy.logical_xor.accumulate(mask, axis=1)[:, :-1]


class RoiSet(unittest.TestCase):
    def test_outlines_hold_exactly_the_pixels_of_each_label(self):
        with Place() as place:
            place.add_images(2)
            subprocess.run([FAKE, "series", *(f"{path}={dose}" for dose, path in enumerate(place.images)), "--output", place.path / "out", "--threads", "1",
                            "--chip-size", "16", "--stride", "4", "--cut", "mean", "--quiet"], env=place.environment(), check=True, timeout=120)
            names = {label["label"]: label["name"] for label in json.loads((place.path / "out" / "series.json").read_text())["labels"]}
            for image in place.images:
                folder = place.path / "out" / image.stem / "series"
                labels = tifffile.imread(folder / "labels.tif")
                with zipfile.ZipFile(folder / "RoiSet.zip") as rois:
                    self.assertIsNone(rois.testzip())
                    self.assertEqual(rois.namelist(), [f"{label} {names[label]}.roi" for label in sorted(set(labels.ravel()) - {0})])
                    self.assertGreater(len(rois.namelist()), 1)
                    for entry in rois.namelist():
                        roi = rois.read(entry)
                        mask = filled(roi, labels.shape)
                        numpy.testing.assert_array_equal(mask, labels == int(entry.split()[0]))
                        ys, xs = numpy.nonzero(mask)
                        self.assertEqual(struct.unpack(">4h", roi[8:16]), (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1))


if __name__ == "__main__":
    unittest.main()
