#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch is killed with SIGKILL at random points and resumed: what it leaves is what an undisturbed run leaves. Two processes on
one output folder: the second is turned away and harms nothing."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from batch_runs import Place, many, report, rng


class Killed(unittest.TestCase):
    def test_killed_at_random_points_and_resumed(self):
        points, images = many(20, 300), many(8, 60)
        with Place() as place:
            place.add_images(images)
            start = time.monotonic()
            self.assertEqual(place.run("whole").returncode, 0)
            whole_s = time.monotonic() - start
            reference = place.results("whole")
            self.assertEqual(sum(name.endswith("DONE.json") for name in reference), images)
            killed = rounds = 0
            while killed < points:
                rounds += 1
                place.remove("killed")
                while True:
                    process = place.start("killed", "--resume")
                    time.sleep(rng.uniform(0, whole_s / 4))
                    process.kill()
                    process.communicate()
                    self.assertEqual(place.false_names("killed", reference), [])
                    if process.returncode == 0:
                        break
                    killed += process.returncode == -signal.SIGKILL
                    if killed >= points:
                        break
                last = place.run("killed", "--resume")
                self.assertEqual(last.returncode, 0, last.stderr)
                self.assertEqual(place.results("killed"), reference)
                self.assertEqual(place.temporaries("killed"), [])
            report(f"killed {killed} times in {rounds} batches of {images} images; undisturbed run {whole_s:.1f} s")

    def test_killed_while_replacing_other_results(self):
        """Results of other options, with files that the new run does not make, and a file of the user's own."""
        points = many(4, 60)
        with Place() as place:
            place.add_images(3)
            self.assertEqual(place.run("whole").returncode, 0)
            reference = place.results("whole")
            self.assertEqual(place.run("other", "--cut", "0.5,median", "--primary", "median", "--write", "scores").returncode, 0)
            (place.path / "other" / "image00000" / "mine.txt").write_text("mine")
            reference["image00000/mine.txt"] = place.files("other")["image00000/mine.txt"]
            start = time.monotonic()
            shutil.copytree(place.path / "other", place.path / "replaced")
            self.assertEqual(place.run("replaced", "--overwrite").returncode, 0)
            whole_s = time.monotonic() - start
            self.assertEqual(place.results("replaced"), reference)
            for _ in range(points):
                place.remove("replaced")
                shutil.copytree(place.path / "other", place.path / "replaced")
                process = place.start("replaced", "--overwrite")
                time.sleep(rng.uniform(0, whole_s))
                process.kill()
                process.communicate()
                last = place.run("replaced", "--resume")
                self.assertEqual(last.returncode, 0, last.stderr)
                self.assertEqual(place.results("replaced"), reference)
                self.assertEqual(place.temporaries("replaced"), [])

    def test_a_replacement_cut_short_between_two_renames_is_undone(self):
        with Place() as place:
            place.add_images(1)
            self.assertEqual(place.run("whole").returncode, 0)
            reference = place.results("whole")
            self.assertEqual(place.run("out", "--cut", "0.5", "--primary", "0.5").returncode, 0)
            folder, staging = place.path / "out" / "image00000", place.path / "out" / "image00000.part"
            shutil.copytree(place.path / "whole" / "image00000", staging)
            (folder / "DONE.json").rename(staging / "replaced.json")
            (staging / "report.json").rename(folder / "report.json")
            last = place.run("out", "--resume")
            self.assertEqual(last.returncode, 0, last.stderr)
            self.assertEqual(place.results("out"), reference)


class Trusted(unittest.TestCase):
    """--resume believes DONE.json only while input, options, model, sidecar and outputs are what it names."""

    def again(self, place, *more):
        ran = place.run("out", "--resume", *more)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return [image["status"] for image in json.loads((place.path / "out" / "run.json").read_text())["images"]]

    def test_whatever_changes_is_done_again(self):
        with Place() as place:
            place.add_images(2)
            self.assertEqual(place.run("out").returncode, 0)
            self.assertEqual(self.again(place), ["skipped", "skipped"])
            self.assertEqual(self.again(place, "--max-memory", "8G"), ["skipped", "skipped"])
            self.assertEqual(self.again(place, "--seed", "2"), ["done", "done"])
            shutil.copy(place.images[1], place.images[0])
            self.assertEqual(self.again(place, "--seed", "2"), ["done", "skipped"])
            (place.path / "out" / "image00001" / "mode" / "labels.tif").write_bytes(b"damaged")
            self.assertEqual(self.again(place, "--seed", "2"), ["skipped", "done"])
            card = place.path / "models" / "metamict-resnet50.json"
            card.write_text(card.read_text().replace("a test", "another test"))
            self.assertEqual(self.again(place, "--seed", "2"), ["done", "done"])
            (place.path / "models" / "metamict-resnet50.pt").write_bytes(b"another model")
            self.assertEqual(self.again(place, "--seed", "2"), ["done", "done"])
            (place.path / "out" / "image00000" / "DONE.json").write_text("{}")
            self.assertEqual(self.again(place, "--seed", "2"), ["done", "skipped"])


class TwoAtOnce(unittest.TestCase):
    def test_the_second_process_is_turned_away(self):
        with Place() as place:
            place.add_images(many(4, 30))
            self.assertEqual(place.run("whole").returncode, 0)
            processes = [place.start("out", "--resume") for _ in range(4)]
            answers = [process.communicate(timeout=120)[1] for process in processes]
            codes = sorted(process.returncode for process in processes)
            self.assertEqual(codes[0], 0, answers)
            self.assertLessEqual(set(codes), {0, 6}, answers)
            for process, answer in zip(processes, answers):
                if process.returncode == 6:
                    self.assertIn("is being written by", answer)
            done = sum(answer.count(" chips in ") for answer in answers)
            self.assertEqual(done, len(place.images), "no image is done twice")
            self.assertEqual(place.results("out"), place.results("whole"))

    def test_the_lock_dies_with_its_process(self):
        with Place() as place:
            place.add_images(4)
            process = place.start("out")
            while not (place.path / "out" / ".metamict.lock").exists():
                time.sleep(0.002)
            turned = place.run("out", "--resume")
            still_running = process.poll() is None
            process.kill()
            process.communicate()
            if still_running and turned.returncode != 0:
                self.assertEqual(turned.returncode, 6)
                self.assertIn(f"process {process.pid}", turned.stderr)
            self.assertEqual(place.run("out", "--resume").returncode, 0)
            self.assertFalse((place.path / "out" / ".metamict.lock").exists())


if __name__ == "__main__":
    unittest.main()
