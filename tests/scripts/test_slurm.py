#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An array job on a real Slurm of this machine, a node lost in the middle: the same files as one undisturbed run. Skipped where there is no Slurm."""
import os
import subprocess
import unittest
from pathlib import Path

from batch_runs import FAKE, Place, many

SCRIPT = Path(os.environ["METAMICT_SOURCE_DIR"]) / "scripts" / "cluster" / "try_slurm.py"


class Slurm(unittest.TestCase):
    def test_a_node_is_lost_and_nothing_else(self):
        with Place() as place:
            ran = subprocess.run(["/usr/bin/python3", str(SCRIPT), "--program", str(FAKE), "--images", str(many(48, 200)), "--nodes", "4", "--tasks", "8",
                                  "--kill", "--", "--chip-size", "16", "--stride", "8", "--cut", "mean"],
                                 env=place.environment(), capture_output=True, text=True, timeout=280)
            if ran.returncode == 77 or "did not come up" in ran.stderr:
                self.skipTest(ran.stdout.strip() or ran.stderr.strip().splitlines()[0])
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertIn("files as one undisturbed run", ran.stdout)


if __name__ == "__main__":
    unittest.main()
