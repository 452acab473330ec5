#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dose series that were once wrong without a word (found by bench/quality/dose_series.py).

Vacuum above the cap, glass at the surface of a film without a cap, a film of another orientation, pockets that join the cap; a thin cap beside vacuum
that both images counted as glass, and a last nanometre of which half went to the substrate. Each number is within
0.05 of the truth, or missing with a warning; and two of them are given. Skipped where there is no trained encoder.
"""
import os
import pathlib
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("METAMICT_SOURCE_DIR", ".")).resolve()
PROGRAM = os.environ.get("METAMICT", "build/dev/metamict")
sys.path.insert(0, str(SOURCE / "bench/quality"))

import dose_series  # noqa: E402

CASES = [("vacuum", 2026, 0), ("no cap", 2026, 1), ("rotated film", 2026, 1), ("pockets", 2026, 0), ("vacuum", 88101, 2), ("last nanometre", 88101, 2)]


@unittest.skipUnless((SOURCE / "models/metamict-resnet50.pt").exists(), "no trained encoder")
class DoseSeries(unittest.TestCase):
    def test_never_wrong_without_a_word(self):
        given = []
        for kind, seed, number in CASES:
            with self.subTest(kind=kind, seed=seed), tempfile.TemporaryDirectory(prefix="metamict-dose-") as folder:
                rows = dose_series.run(PROGRAM, pathlib.Path(folder), kind, [seed, dose_series.KINDS.index(kind), number], "2", ["--looks", "0"])
                for row in map(dose_series.judge, rows):
                    self.assertFalse(row["silent"], row)
                    self.assertEqual(row["value"] is None, bool(row["warnings"]), row)
                given += [row["kind"] for row in rows if row["dose"] > 0 and row["value"] is not None]
        self.assertGreaterEqual(len(given), 2, given)


if __name__ == "__main__":
    unittest.main()
