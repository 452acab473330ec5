#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGTERM and SIGINT at random points of a batch end it soon, with the right exit code and nothing temporary left; SIGUSR1 asks how
far it is."""
import json
import signal
import statistics
import time
import unittest

from batch_runs import Place, many, report, rng


class Stopped(unittest.TestCase):
    def test_stops_soon_and_leaves_nothing_temporary(self):
        points = many(20, 200)
        with Place() as place:
            place.add_images(many(10, 40))
            start = time.monotonic()
            self.assertEqual(place.run("whole").returncode, 0)
            whole_s = time.monotonic() - start
            reference = place.results("whole")
            took_s, stopped = [], 0
            while stopped < points:
                place.remove("out")
                number, code = rng.choice([(signal.SIGTERM, 143), (signal.SIGINT, 130)])
                process = place.start("out")
                time.sleep(rng.uniform(0.0, whole_s))
                sent = time.monotonic()
                process.send_signal(number)
                answer = process.communicate(timeout=30)[1]
                if process.returncode == 0:
                    continue  # it was done before
                stopped += 1
                took_s.append(time.monotonic() - sent)
                # Before main has begun the system ends the process; a shell sees the same number.
                self.assertIn(process.returncode, (code, -number), answer)
                self.assertEqual(place.temporaries("out"), [], answer)
                self.assertEqual(place.false_names("out", reference), [])
                self.assertFalse((place.path / "out" / ".metamict.lock").exists())
            took_s.sort()
            report(f"{points} signals: median {statistics.median(took_s):.2f} s, 95 % {took_s[int(0.95 * points) - 1]:.2f} s, most {took_s[-1]:.2f} s")
            self.assertLess(took_s[int(0.95 * points) - 1], 2)
            self.assertLess(took_s[-1], 10)

    def test_what_does_not_look_is_ended_all_the_same(self):
        """A named pipe as a log file's neighbour would be artificial: two signals at once take the same way as lost patience."""
        with Place() as place:
            place.add_images(30)
            for _ in range(many(3, 20)):
                place.remove("out")
                process = place.start("out")
                while not list((place.path / "out").glob("*.part")) and process.poll() is None:
                    time.sleep(0.001)
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGINT)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=10)
                self.assertIn(process.returncode, (143, 130))
                self.assertEqual(place.temporaries("out"), [])
                self.assertFalse((place.path / "out" / ".metamict.lock").exists())

    def test_status_on_request(self):
        with Place() as place:
            place.add_images(12)
            process = place.start("out", "--quiet")
            while not (place.path / "out" / "run.toml").exists():
                time.sleep(0.002)
            process.send_signal(signal.SIGUSR1)
            answer = process.communicate(timeout=60)[1]
            self.assertEqual(process.returncode, 0)
            self.assertRegex(answer, r"metamict: image \d+ of 12, ")

    def test_a_stopped_batch_says_so_and_resumes(self):
        with Place() as place:
            place.add_images(12)
            process = place.start("out")
            while not list((place.path / "out").glob("*/DONE.json")):
                time.sleep(0.005)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, 143)
            statuses = [image["status"] for image in json.loads((place.path / "out" / "run.json").read_text())["images"]]
            self.assertEqual(len(statuses), 12)
            self.assertIn("pending", statuses)
            self.assertEqual(place.run("out", "--resume").returncode, 0)


if __name__ == "__main__":
    unittest.main()
