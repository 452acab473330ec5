#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every system call of a run fails once: the exit code fits the file that it was about, there is a sentence, and no file is wrong
under its final name. Also full disks, and failing allocations."""
import errno
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from batch_runs import FAULTS, SANITIZED, SOAK, Place, many, report, rng

# Libraries that do not check every allocation of theirs: the process ends, and then, too, nothing wrong may be left.
UNCHECKED = ("libfontconfig", "libexpat", "libdnnl", "libcairo", "libpixman", "libfreetype", "libgomp", "libtiff", "libtbb")
# Whose frames lie on top when code hands them a null pointer or gives up.
HANDED_ON = ("libc.so", "libstdc++", "libgcc_s", "libm.so", "ld-linux")
CALLS = ("open", "read", "write", "fsync", "rename", "close", "mkdir", "unlink", "mmap")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EINTR)


class Fault:
    """One run in which the n-th call of a kind failed."""

    def __init__(self, place, output, call, at, number, last=1, **more):
        log = place.path / "fault.log"
        log.unlink(missing_ok=True)
        self.ran = place.run(output, environment=place.environment(LD_PRELOAD=FAULTS, FAULT_CALL=call, FAULT_AT=at, FAULT_ERRNO=number,
                                                                   FAULT_LAST=last, FAULT_LOG=log, **more))
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        failed = [line[7:] for line in lines if line.startswith("failed ")]
        counts = [int(line[6:]) for line in lines if line.startswith("count ")]
        self.path = failed[0] if failed else None
        self.count = counts[-1] if counts else 0
        crashed = [line.split()[1] for line in lines if line.startswith("crashed ")]
        self.crashed_in = next((library for library in crashed if not library.startswith(HANDED_ON)), None)


def expected_codes(place, path, output):
    """What an error about this file may end in."""
    if path.startswith(str(place.path / output)):
        return {0, 6}  # 0 where nothing is lost by it: clearing away, a lock's number, a call that is made again
    if path.startswith(str(place.path / "images")):
        return {0, 3}
    if path.startswith(str(place.path / "manifest.txt")):
        return {0, 2}
    if path.startswith(str(place.path / "models")):
        return {0, 4}
    return {0, 2, 3, 4, 5, 6, 7, 127}  # libraries, /proc, memory: whatever it is, nothing wrong may be left


class EverySystemCall(unittest.TestCase):
    def check(self, place, reference, fault, what):
        ran = fault.ran
        if what.startswith("mmap") and ran.returncode not in (0, 5, 6):
            # oneDNN's code generator ends the process when it gets no memory to write code to; then, too, nothing wrong may be left.
            self.assertEqual(place.false_names("out", reference), [], what)
            self.assertIn("libdnnl", ran.stderr + (fault.crashed_in or ""), what)
            return
        self.assertIn(ran.returncode, expected_codes(place, fault.path or "", "out"), f"{what} on {fault.path}: {ran.stderr}")
        if ran.returncode != 0:
            self.assertTrue(ran.stderr.strip(), f"{what}: no sentence")
        else:
            self.assertEqual(place.results("out"), reference, f"{what} on {fault.path}: exit code 0, but results are missing")
        self.assertEqual(place.false_names("out", reference), [], f"{what} on {fault.path}")

    def test_each_fails_once(self):
        with Place() as place:
            place.add_images(1)
            self.assertEqual(place.run("whole").returncode, 0)
            reference = place.results("whole")
            tried = failed = 0
            for call in CALLS:
                place.remove("out")
                total = Fault(place, "out", call, 0, 0).count
                points = range(1, total + 1) if SOAK else sorted(rng.sample(range(1, total + 1), min(total, 5)))
                for at in points:
                    for number in ERRORS if SOAK else (rng.choice(ERRORS),):
                        place.remove("out")
                        fault = Fault(place, "out", call, at, number)
                        self.check(place, reference, fault, f"{call} {at} of {total}, {errno.errorcode[number]}")
                        tried += 1
                        failed += fault.ran.returncode != 0
                        if tried % 10 == 0:  # and what it left can be gone on from
                            again = place.run("out", "--resume")
                            self.assertEqual(again.returncode, 0, again.stderr)
                            self.assertEqual(place.results("out"), reference)
                            self.assertEqual(place.temporaries("out"), [])
            report(f"{tried} system calls failed once each, {failed} of them ended the run with a sentence")

    def test_interrupted_calls_on_the_output_are_made_again(self):
        with Place() as place:
            place.add_images(1)
            self.assertEqual(place.run("whole").returncode, 0)
            for call in ("open", "write", "fsync", "close"):
                place.remove("out")
                environment = place.environment(LD_PRELOAD=FAULTS, FAULT_CALL=call, FAULT_AT=2, FAULT_ERRNO=errno.EINTR, FAULT_UNDER=place.path / "out" / "image00000.part")
                ran = place.run("out", environment=environment)
                self.assertEqual(ran.returncode, 0, f"{call}: {ran.stderr}")
                self.assertEqual(place.results("out"), place.results("whole"))


class FullDisk(unittest.TestCase):
    def test_no_room_from_some_write_on(self):
        """Every write after the n-th finds the disk full, as a disk that is full does."""
        with Place() as place:
            place.add_images(2)
            self.assertEqual(place.run("whole").returncode, 0)
            reference = place.results("whole")
            log = place.path / "fault.log"
            under = {"FAULT_CALL": "write", "FAULT_ERRNO": errno.ENOSPC, "FAULT_LAST": 10**6, "FAULT_UNDER": place.path / "out", "LD_PRELOAD": FAULTS}
            place.run("out", environment=place.environment(FAULT_AT=0, FAULT_LOG=log, **under))
            total = int(log.read_text().split()[-1])
            for at in many((2, total // 4, total // 2, total), range(2, total + 1)):  # the first is the number in the lock file
                place.remove("out")
                ran = place.run("out", environment=place.environment(FAULT_AT=at, **under))
                self.assertEqual(ran.returncode, 6, f"write {at} of {total}: {ran.stderr}")
                self.assertIn("No space left", ran.stderr)
                self.assertEqual(place.false_names("out", reference), [])
                self.assertEqual(place.temporaries("out"), [])

    @unittest.skipUnless(SOAK and os.geteuid() == 0, "mounting a small file system needs root and takes minutes: scripts/soak.sh")
    def test_every_size_of_a_small_file_system(self):
        with Place() as place, tempfile.TemporaryDirectory() as mount:
            place.add_images(1)
            self.assertEqual(place.run("whole").returncode, 0)
            reference = place.results("whole")
            used = sum(path.stat().st_size for path in (place.path / "whole").rglob("*") if path.is_file())
            tried = 0
            for size in range(65536, 2 * used + 2 * 65536, 65536):
                if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "metamict-test", mount], capture_output=True).returncode != 0:
                    self.skipTest("mounting is not allowed here")
                try:
                    out = Path(mount) / "out"
                    ran = place.run(out)
                    left = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} if out.exists() else set()
                    self.assertIn(ran.returncode, (0, 6), ran.stderr)
                    self.assertFalse({name for name in left if ".part" in name}, ran.stderr)
                    finished = {name for name in left if name.startswith("image")}
                    self.assertEqual(bool(finished), "image00000/DONE.json" in finished, ran.stderr)
                    for name in finished:
                        self.assertEqual((out / name).read_bytes(), (place.path / "whole" / name).read_bytes())
                    tried += 1
                finally:
                    subprocess.run(["umount", mount], check=True)
            report(f"{tried} sizes of a tmpfs up to {size >> 10} KiB")


class Memory(unittest.TestCase):
    def test_igraph_runs_out_of_memory(self):
        """Also where the sanitizers have the allocator: igraph frees twice, or goes on, after some failed allocations of its own."""
        with Place() as place:
            place.add_images(1)
            for method, last in (("louvain", 1), ("leiden", 1), ("louvain", 10**9)):
                how = ("--communities", method, "--engine", "igraph", "--runs", "1")
                environment = {"LD_PRELOAD": FAULTS, "FAULT_CALL": "malloc", "FAULT_FROM": "libigraph", "FAULT_LAST": last}
                log = place.path / "fault.log"
                ran = place.run("whole", *how, "--overwrite", environment=place.environment(FAULT_AT=0, FAULT_LOG=log, **environment))
                self.assertEqual(ran.returncode, 0, ran.stderr)
                total = int(log.read_text().split()[-1])
                log.unlink()
                self.assertGreater(total, 100)
                for at in sorted(rng.sample(range(1, total + 1), many(4, min(total, 500)))):
                    place.remove("out")
                    ran = place.run("out", *how, environment=place.environment(FAULT_AT=at, **environment))
                    self.assertEqual(ran.returncode, 5, f"{method}, allocation {at} of {total} and {last - 1} more: {ran.stderr}")
                    self.assertIn("memory", ran.stderr)
                    self.assertEqual(place.false_names("out", {}), [])
                report(f"{many(4, min(total, 500))} of igraph's {total} allocations for {method} failed")

    def test_allocations_fail(self):
        """Operator new, malloc and every library's own allocations, one at a time."""
        with Place() as place:
            place.add_images(1)
            self.assertEqual(place.run("whole").returncode, 0)
            reference = place.results("whole")
            if SANITIZED:
                self.skipTest("the sanitizers have operator new in this build: scripts/soak.sh runs it in the other")
            total = Fault(place, "out", "malloc", 0, 0).count
            points = sorted(rng.sample(range(1, total + 1), min(total, many(20, 2000))))
            codes, ended = {}, {}
            for tried, at in enumerate(rng.sample(points, len(points))):
                if tried % 200 == 0:
                    report(f"{tried} allocations tried: exit codes {codes}, ended in {ended}")
                place.remove("out")
                fault = Fault(place, "out", "malloc", at, errno.ENOMEM)
                code = fault.ran.returncode
                codes[code] = codes.get(code, 0) + 1
                what = f"allocation {at} of {total}"
                if code < 0:
                    ended[fault.crashed_in] = ended.get(fault.crashed_in, 0) + 1
                    self.assertTrue((fault.crashed_in or "").startswith(UNCHECKED), f"{what}: ended by signal {-code} in {fault.crashed_in}: {fault.ran.stderr}")
                self.assertEqual(place.false_names("out", reference), [], what)
                if code == 0:
                    self.assertEqual(place.results("out"), reference, what)
                elif code > 0:
                    self.assertTrue(fault.ran.stderr.strip(), what)
            report(f"{len(points)} of {total} allocations failed once each: exit codes {codes}, ended in {ended}")


if __name__ == "__main__":
    unittest.main()
