#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing let in: names of images, links in the output folder, models that nobody vouched for, names inside files."""
import csv
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import unittest
import xml.etree.ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy

from batch_runs import BUILD, Place, lattice

MARKUP = "<img src=x onerror=alert(1)>&amp;'\"]]>--><script>x</script>"
HOSTILE = [MARKUP.replace("/", "_"), "=cmd|'_C calc'!A1", "+1+1", "-2", "@SUM(A1)", "\x1b[31mred\x1b]0;title\x07", "a\nerror: forged line", "tab\there",
           "csi\u009b31m", "turned\u202egpj", "a,b;c", "%s%n%x", "$(id)`id`", "..hidden", " leading", "trailing ", "a\\b", "\udcff\udcfe", "q" * 200]


def is_terminal_safe(text):
    return not re.search("[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.handlers = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on")]


class Names(unittest.TestCase):
    def test_hostile_names_stay_words(self):
        with Place() as place:
            folder = place.path / "images"
            folder.mkdir()
            for i, name in enumerate(HOSTILE):
                place.images.append(folder / (name + ".npy"))
                numpy.save(str(place.images[-1]), lattice(48, 64, seed=i))
            command = place.command("out", "--write", "scores", manifest=False)
            ran = subprocess.run(command, env=place.environment(), capture_output=True, timeout=200)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            said = ran.stderr.decode()  # valid UTF-8, or this throws
            self.assertTrue(is_terminal_safe(said), said)
            self.assertEqual(len(said.splitlines()), len(said.split("\n")) - 1)
            self.assertFalse([line for line in said.splitlines() if line.startswith("error")], "a forged line")
            outputs = [path for path in (place.path / "out").iterdir() if path.is_dir()]
            self.assertEqual(len(outputs), len(HOSTILE))
            self.assertEqual({os.fsencode(path.name) for path in outputs}, {os.fsencode(name) for name in HOSTILE})
            run = json.loads((place.path / "out" / "run.json").read_text())
            self.assertEqual(len(run["images"]), len(HOSTILE))
            for path in outputs:
                self.check_files(path)
            others = {path.name for path in (place.path).iterdir()}
            self.assertLessEqual(others, {"images", "models", "out"}, "something was written elsewhere")

    def check_files(self, folder):
        json.loads((folder / "report.json").read_text())
        page = Page()
        page.feed((folder / "report.html").read_text(encoding="utf-8"))
        self.assertEqual(page.handlers, [])
        self.assertEqual(page.tags.count("script"), 1, "our own")
        for image in re.findall(r"<img[^>]*>", (folder / "report.html").read_text(encoding="utf-8")):
            self.assertIn('src="data:', image)
        for graph in folder.rglob("*.graphml"):
            xml.etree.ElementTree.parse(graph)
        with open(folder / "chips.csv", newline="", encoding="utf-8") as file:
            for row in csv.reader(file):
                for cell in row:
                    self.assertNotRegex(cell, r"^[=+@\t\r]|^-(?![0-9.])")

    def test_names_in_messages_of_every_verb(self):
        with Place() as place:
            evil = place.path / "a\x1b[31mb\u009b1mc\nerror: forged.tif"
            program = str(BUILD / "metamict_fake")
            for arguments in (["inspect", str(evil)], ["segment", str(evil), "--output", "x"], ["segment", str(evil), "--output", "x", "--dry-run"],
                              ["evaluate", str(evil), str(evil)], ["segment", "--manifest", str(evil), "--output", "x"], [str(evil)],
                              ["segment", str(evil), "--output", "x", "--cut", "\x1b[31m"], ["segment", str(evil), "--output", "x", "--config", str(evil)]):
                ran = subprocess.run([program, *arguments], env=place.environment(), capture_output=True, cwd=place.path, timeout=60)
                self.assertNotEqual(ran.returncode, 0)
                for text in (ran.stdout.decode(), ran.stderr.decode()):
                    self.assertTrue(is_terminal_safe(text), text)
                    self.assertNotIn("\nerror: forged", text)

    def test_names_inside_a_file(self):
        import h5py

        with Place() as place:
            path = place.path / "file.h5"
            with h5py.File(path, "w") as file:
                file[f"\x1b[31m<script>alert(1)<|script>\nfake: line"] = lattice(48, 64)
            program = str(BUILD / "metamict_fake")
            ran = subprocess.run([program, "inspect", str(path)], env=place.environment(), capture_output=True, timeout=60)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertTrue(is_terminal_safe(ran.stdout.decode()), ran.stdout)
            self.assertNotIn("\nfake:", ran.stdout.decode())
            place.images = [path]
            ran = subprocess.run(place.command("out", manifest=False), env=place.environment(), capture_output=True, timeout=60)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            page = (place.path / "out" / "file" / "report.html").read_text()
            self.assertEqual(page.count("<script"), 1, "our own")

    def test_stems_that_would_collide_with_our_own_files(self):
        with Place() as place:
            folder = place.path / "images"
            folder.mkdir()
            for name in ("run.toml.npy", "run.json.npy", "film.part.npy", "..npy", "...npy", ".metamict.lock.npy"):
                numpy.save(str(folder / "x.npy"), lattice(48, 64))
                (folder / "x.npy").rename(folder / name)
                place.images = [folder / name]
                ran = subprocess.run(place.command("out", manifest=False), env=place.environment(), capture_output=True, timeout=60)
                self.assertEqual(ran.returncode, 2, (name, ran.stderr))
                self.assertFalse((place.path / "out").exists())


class Links(unittest.TestCase):
    """Whatever lies in the output folder beforehand, nothing outside is written or removed."""

    def setUp(self):
        self.place = Place()
        self.place.add_images(1)
        self.outside = self.place.path / "outside"
        self.outside.mkdir()
        (self.outside / "labels.tif").write_text("precious")
        (self.outside / "report.json").write_text("precious")
        self.before = self.place.files("outside")
        self.out = self.place.path / "out"

    def tearDown(self):
        self.assertEqual(self.place.files("outside"), self.before, "outside was touched")
        self.place.__exit__()

    def test_image_folder_is_a_link(self):
        self.out.mkdir()
        (self.out / "image00000").symlink_to(self.outside)
        for option in ("--overwrite", "--resume"):
            ran = self.place.run("out", option)
            self.assertEqual(ran.returncode, 6, ran.stderr)
            self.assertIn("is a link", ran.stderr)
        self.assertEqual(self.place.run("out").returncode, 2)

    def test_dangling_link_of_an_image_folder(self):
        self.out.mkdir()
        (self.out / "image00000").symlink_to(self.place.path / "nowhere")
        self.assertEqual(self.place.run("out", "--overwrite").returncode, 6)
        self.assertFalse((self.place.path / "nowhere").exists())

    def test_rule_folder_is_a_link(self):
        self.assertEqual(self.place.run("out").returncode, 0)
        shutil.rmtree(self.out / "image00000" / "mode")
        (self.out / "image00000" / "mode").symlink_to(self.outside)
        ran = self.place.run("out", "--overwrite")
        self.assertEqual(ran.returncode, 6, ran.stderr)
        self.assertIn("through a link", ran.stderr)

    def test_temporary_names_are_links(self):
        self.out.mkdir()
        (self.out / "run.json.part").symlink_to(self.outside / "report.json")
        (self.out / "run.toml.part").symlink_to(self.outside / "labels.tif")
        (self.out / "image00000.part").symlink_to(self.outside)
        self.assertEqual(self.place.run("out", "--overwrite").returncode, 0)

    def test_final_names_are_links(self):
        self.assertEqual(self.place.run("out").returncode, 0)
        labels = self.out / "image00000" / "mode" / "labels.tif"
        labels.unlink()
        labels.symlink_to(self.outside / "labels.tif")
        self.assertEqual(self.place.run("out", "--resume").returncode, 0)
        self.assertFalse(labels.is_symlink())

    def test_the_lock_is_a_link(self):
        self.out.mkdir()
        (self.out / ".metamict.lock").symlink_to(self.outside / "labels.tif")
        self.assertEqual(self.place.run("out").returncode, 6)

    def test_done_json_names_files_elsewhere(self):
        self.assertEqual(self.place.run("out").returncode, 0)
        done = self.out / "image00000" / "DONE.json"
        content = json.loads(done.read_text())
        (self.out / "image00000" / "door").symlink_to(self.outside)
        for path in ("../../outside/labels.tif", str(self.outside / "labels.tif"), "door/labels.tif"):
            content["outputs"].append({"path": path, "bytes": 8, "sha256": hashlib.sha256(b"precious").hexdigest()})
        done.write_text(json.dumps(content))
        self.assertEqual(self.place.run("out", "--overwrite").returncode, 0)
        (self.out / "image00000" / "DONE.json").write_text(json.dumps(content))
        ran = self.place.run("out", "--resume")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertNotIn("skipped", ran.stderr)


class Models(unittest.TestCase):
    """A model file is code: one that nobody vouched for is not opened at all (the fake encoder would not care, so this is the real
    program on a file that is no model)."""

    def test_only_known_hashes_load(self):
        with Place() as place:
            place.add_images(1)
            model = place.path / "net.pt"
            model.write_bytes(b"certainly not TorchScript")
            found = hashlib.sha256(model.read_bytes()).hexdigest()
            card = json.loads((place.path / "models" / "metamict-resnet50.json").read_text())
            model.with_suffix(".json").write_text(json.dumps({**card, "sha256": found}))

            def run(*more):
                command = [str(BUILD / "metamict"), *place.command("out", "--overwrite", "--encoder", model, *more)[1:]]
                ran = subprocess.run(command, env=place.environment(), capture_output=True, text=True, timeout=120)
                self.assertEqual(ran.returncode, 4, ran.stderr)
                self.assertFalse((place.path / "out" / "image00000").exists())
                return ran.stderr

            refused = "--trust-encoder"
            self.assertIn(refused, run())
            self.assertIn(found, run())
            self.assertIn("cannot be loaded as TorchScript", run("--trust-encoder"))
            allowed = place.path / "config" / "metamict" / "trusted-encoders"
            allowed.parent.mkdir(parents=True)
            allowed.write_text(f"# ours\n{'0' * 64}  other.pt\n{found}  net.pt\n")
            allowed.chmod(0o644)
            self.assertIn("cannot be loaded as TorchScript", run())
            allowed.chmod(0o666)
            self.assertIn("written by others", run())
            allowed.chmod(0o644)
            model.write_bytes(b"swapped afterwards")
            self.assertIn(refused, run())
            model.with_suffix(".json").write_text(json.dumps({**card, "sha256": ""}))
            self.assertIn(refused, run())


if __name__ == "__main__":
    unittest.main()
