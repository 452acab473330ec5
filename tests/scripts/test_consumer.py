#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed library serves another project: install, find_package, build, run; and the installed program starts."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy
import tifffile

PROGRAM = pathlib.Path(os.environ.get("METAMICT", "build/dev/metamict")).resolve()
SOURCE = pathlib.Path(os.environ.get("METAMICT_SOURCE_DIR", ".")).resolve()


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    return done.returncode, done.stdout, done.stderr


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="metamict-consumer-")
        cls.prefix = pathlib.Path(cls.folder.name) / "installed"
        status, out, err = run("cmake", "--install", PROGRAM.parent, "--prefix", cls.prefix)
        assert status == 0, out + err

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_another_project_builds_against_it_and_runs(self):
        build = pathlib.Path(self.folder.name) / "build"
        sanitize = re.search(r"METAMICT_SANITIZE:\w+=(.+)", (PROGRAM.parent / "CMakeCache.txt").read_text())
        flags = f"-fsanitize={sanitize[1]}" if sanitize else ""
        status, out, err = run("cmake", "-S", SOURCE / "tests/consumer", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
                               f"-DCMAKE_CXX_FLAGS={flags}")
        self.assertEqual(status, 0, out + err)
        status, out, err = run("cmake", "--build", build)
        self.assertEqual(status, 0, out + err)
        picture = numpy.random.default_rng(1).normal(100, 5, (300, 400))
        picture[:, 200:] += 200 * (1 + numpy.sin(numpy.arange(200) * 2 * numpy.pi / 16))
        image = pathlib.Path(self.folder.name) / "half.tif"
        tifffile.imwrite(image, picture.astype(numpy.float32))
        status, out, err = run(build / "consumer", image)
        self.assertEqual((status, err), (0, ""))
        areas = [int(line.split()[1]) for line in out.splitlines()]
        self.assertEqual(sum(areas), 300 * 400)
        self.assertGreater(len(areas), 1)
        status, out, err = run(build / "consumer", "no such.tif")
        self.assertEqual((status, out), (3, ""))
        self.assertIn("no such.tif", err)

    def test_the_installed_program_finds_its_parts(self):
        status, out, err = run(self.prefix / "bin/metamict", "--version")
        self.assertEqual((status, err), (0, ""))
        self.assertTrue(list((self.prefix / "share/metamict/models").glob("*.json")))
        status, out, err = run(self.prefix / "bin/metamict", "segment", SOURCE / "data/lfo_sto_0dpa.tif", "--output", self.folder.name, "--dry-run")
        self.assertEqual(status, 0, err)


if __name__ == "__main__":
    unittest.main()
