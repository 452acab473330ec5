#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Includes point down: the check that CMake makes at configuration accepts the project, and refuses each kind of offence."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(os.environ["METAMICT_SOURCE_DIR"])


class Rooms(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for part in ("src", "include"):
            shutil.copytree(ROOT / part, self.folder / part)

    def check(self):
        return subprocess.run(["cmake", f"-DROOT={self.folder}", "-P", ROOT / "cmake/CheckRooms.cmake"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def write(self, path, text):
        (self.folder / path).parent.mkdir(exist_ok=True)
        (self.folder / path).write_text(text)

    def refused(self, *words):
        answer = self.check()
        self.assertNotEqual(answer.returncode, 0, answer.stdout)
        flat = " ".join(answer.stdout.split())
        for word in words:
            self.assertIn(word, flat)

    def test_the_project_itself(self):
        answer = self.check()
        self.assertEqual(answer.returncode, 0, answer.stdout)

    def test_an_arrow_up(self):
        self.write("src/base/up.cpp", '#include "graph/block_product.hpp"\n')
        self.refused("src/base/up.cpp", "base may not include graph")

    def test_an_arrow_up_through_a_public_header(self):
        self.write("src/image/up.cpp", '#include "metamict/pipeline.hpp"\n')
        self.refused("src/image/up.cpp", "image may not include segment")

    def test_an_arrow_to_the_room_beside(self):
        self.write("src/rules/beside.cpp", '#include "labels/border.hpp"\n')
        self.refused("rules may not include labels")

    def test_an_include_without_its_room(self):
        self.write("src/graph/bare.cpp", '#include "block_product.hpp"\n')
        self.refused("src/graph/bare.cpp", "room first")

    def test_a_room_too_many(self):
        self.write("src/attic/a.cpp", "")
        self.refused("src/attic is no room")

    def test_a_public_header_without_a_room(self):
        self.write("include/metamict/stray.hpp", "#pragma once\n")
        self.refused("include/metamict/stray.hpp is in no room")


if __name__ == "__main__":
    unittest.main()
