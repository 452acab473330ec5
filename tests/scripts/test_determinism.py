#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same image and options, any --threads: every file that may not hold times or paths is the same byte for byte, ten times of ten."""
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from batch_runs import BUILD, FAKE, SOAK, Place, report

THREADS = (1, 2, 3, 4, 4, 3, 2, 1, 4, 2)
SAMPLE = Path(os.environ["METAMICT_SOURCE_DIR"]) / "data" / "lfo_sto_0p1dpa.tif"


class TenRuns(unittest.TestCase):
    def check(self, place, program, image, *how):
        environment = place.environment()
        if program != FAKE:
            del environment["METAMICT_MODELS"]  # the encoder that ships
        reference = None
        for run, threads in enumerate(THREADS):
            command = [program, "segment", image, "--output", place.path / "out", "--threads", threads, "--quiet", "--write", "embeddings,scores", *how]
            ran = subprocess.run([str(part) for part in command], env=environment, capture_output=True, text=True, timeout=600)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            results = place.results("out")
            reference = reference or results
            self.assertTrue(any(name.endswith("nested/labels.tif") for name in results) and any(name.endswith("report.json") for name in results))
            self.assertEqual(results, reference, f"run {run + 1}, {threads} threads")
            shutil.rmtree(place.path / "out")
        report(f"{len(THREADS)} runs of {program.name} over {image.name} with 1 to 4 threads: the same {len(reference)} files")

    def test_fake_encoder(self):
        with Place() as place:
            place.add_images(1, 112, 144)
            self.check(place, FAKE, place.images[0], "--chip-size", "16", "--stride", "8")

    def test_encoder_that_ships(self):
        with Place() as place:
            place.add_images(1, 80, 112)
            self.check(place, BUILD / "metamict", place.images[0], "--chip-size", "32", "--stride", "16")

    @unittest.skipUnless(SOAK, "ten runs over a whole sample take minutes: scripts/soak.sh")
    def test_sample_as_users_run_it(self):
        with Place() as place:
            self.check(place, BUILD / "metamict", SAMPLE)


if __name__ == "__main__":
    unittest.main()
