#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program on inputs that people report as misread: one dataset is marked, any can be chosen, labels of a palette are compared, stderr stays empty."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ["METAMICT"]
SOURCE = Path(os.environ["METAMICT_SOURCE_DIR"])


def program(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=250)


class Inputs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = Path(cls.folder.name)
        subprocess.run([sys.executable, SOURCE / "tests/support/make_kinds.py", cls.path], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def inspect(self, name, *options):
        done = program("inspect", self.path / name, "--json", *options)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)[0]

    def test_one_dataset_is_marked_and_each_can_be_chosen(self):
        for name in ("velox_two_of_one_name.emd", "two_of_one_name.dm4"):
            names = [data["name"] for data in self.inspect(name)["datasets"]]
            self.assertEqual(names, ["HAADF", "HAADF#2"])
            text = program("inspect", self.path / name).stdout
            self.assertEqual(text.count("<- segment takes this"), 1)
            for wanted, chosen in (("HAADF#2", "HAADF#2"), ("2", "HAADF#2"), ("1", "HAADF"), ("HAADF", "HAADF")):
                self.assertEqual(self.inspect(name, "--dataset", wanted)["chosen"], chosen)
        mixed = self.inspect("velox_fft_and_image.emd")
        self.assertEqual([data["name"] == mixed["chosen"] for data in mixed["datasets"]], [False, True])

    def test_the_note_on_the_size_is_in_text_and_json(self):
        note = "the file gives 1 m (TIA calibration), which no microscope has"
        self.assertIn(note, program("inspect", self.path / "metres.ser").stdout)
        self.assertIn(note, self.inspect("metres.ser")["datasets"][0]["notes"][0])

    def test_labels_of_a_palette_and_of_every_type(self):
        for labels in ("labels_palette8.png", "labels_palette2.png", "labels_palette.tif", "labels_int64.npy", "labels_uint32.tif", "labels_int8.h5"):
            done = program("evaluate", self.path / labels, self.path / "labels.npy", "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["ari"], 1, labels)
        done = program("evaluate", self.path / "labels.npy", self.path / "labels_int32.npy", "--json", "--ignore", "-1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(-1, [region["truth"] for region in json.loads(done.stdout)["regions"]])
        self.assertEqual(program("evaluate", self.path / "labels_half.npy", self.path / "labels.npy").returncode, 3)

    def test_nothing_but_the_program_speaks_on_stderr(self):
        for name in ("profile.png", "turned.png", "turned.jpg", "cmyk.jpg", "turned.tif", "hspy_lzf.hspy"):
            done = program("inspect", self.path / name, "--quiet")
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)


if __name__ == "__main__":
    unittest.main()
