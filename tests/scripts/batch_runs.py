# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of interrupted, starved and attacked batches share: images, runs of the program with a fake encoder, and the
comparison of what a run left with an undisturbed one.

The short form runs in the test suite; METAMICT_SOAK=1 (scripts/soak.sh) makes every sweep as long as docs/reliability.md says.
"""
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

SOAK = os.environ.get("METAMICT_SOAK") == "1"
BUILD = Path(os.environ["METAMICT"]).parent
FAKE = BUILD / "metamict_fake"
FAULTS = BUILD / "libmetamict_faults.so"
SANITIZED = not re.search("^METAMICT_SANITIZE:STRING=$", (BUILD / "CMakeCache.txt").read_text(), re.MULTILINE)
SEED = int(os.environ.get("METAMICT_SEED", "1"))
OF_THE_RUN = {"run.json", "run.toml", ".metamict.lock"}  # hold times, status, the way a run was started; a lock may stay


def many(short, long):
    """METAMICT_POINTS cuts a soak's sweeps down where there is less time."""
    return min(long, int(os.environ.get("METAMICT_POINTS", "1000000"))) if SOAK and isinstance(long, int) else long if SOAK else short


def lattice(rows, cols, period=8.0, amorphous_from=0.6, seed=1):
    rng = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:rows, 0:cols]
    image = 2 + numpy.cos(2 * numpy.pi * x / period) + numpy.cos(2 * numpy.pi * y / period)
    image[:, int(amorphous_from * cols):] = 2
    return rng.poisson(20 * image).astype("<f4")


class Place:
    """A folder on a memory file system where there is one: thousands of fsyncs are not what is tested."""

    def __init__(self):
        shm = Path("/dev/shm")
        self.path = Path(tempfile.mkdtemp(prefix="metamict-test-", dir=shm if os.access(shm, os.W_OK) else None))
        (self.path / "models").mkdir()
        (self.path / "models" / "metamict-resnet50.pt").write_bytes(b"not read by the fake encoder")
        card = {"schema": 1, "name": "fake", "kind": "untrained", "input_px": 16, "channels": 3, "mean": [0, 0, 0], "std": [1, 1, 1],
                "features": 8, "cells_per_chip": 4, "weights_dtype": "float16", "provenance": "a test", "sha256": "0" * 64}
        (self.path / "models" / "metamict-resnet50.json").write_text(json.dumps(card))
        self.images = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def add_images(self, count, rows=48, cols=64):
        folder = self.path / "images"
        folder.mkdir(exist_ok=True)
        for i in range(count):
            path = folder / f"image{i:05}.npy"
            numpy.save(path, lattice(rows, cols, seed=i))
            self.images.append(path)
        (self.path / "manifest.txt").write_text("".join(f"images/{path.name}\n" for path in self.images))

    def command(self, output, *more, manifest=True):
        images = ["--manifest", self.path / "manifest.txt"] if manifest else self.images
        cuts = () if "--cut" in more else ("--cut", "mode", "--primary", "mode")
        return [str(part) for part in (FAKE, "segment", *images, "--output", self.path / output, "--threads", "1", "--chip-size", "16",
                                       "--stride", "8", *cuts, *more)]

    def environment(self, **more):
        # Sanitized programs look for leaks at their end, which takes longer than all the rest of these runs.
        asan = "detect_leaks=0:verify_asan_link_order=0:allocator_may_return_null=1:" + os.environ.get("ASAN_OPTIONS", "")
        return {**os.environ, "METAMICT_MODELS": str(self.path / "models"), "ASAN_OPTIONS": asan, "OPENBLAS_NUM_THREADS": "1",
                "XDG_CONFIG_HOME": str(self.path / "config"), **{key: str(value) for key, value in more.items()}}

    def run(self, output, *more, environment=None, **options):
        return subprocess.run(self.command(output, *more), env=environment or self.environment(), capture_output=True, text=True,
                              errors="replace", timeout=120, **options)

    def start(self, output, *more, **options):
        return subprocess.Popen(self.command(output, *more), env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True, **options)

    def files(self, output):
        """Every file below an output folder by its relative path, with the hash of its bytes."""
        root = self.path / output
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(root.rglob("*")) if path.is_file() or path.is_symlink()}

    def results(self, output):
        return {name: value for name, value in self.files(output).items() if name not in OF_THE_RUN}

    def temporaries(self, output):
        root = self.path / output
        return [str(path.relative_to(root)) for path in root.rglob("*") if path.name.endswith(".part")] if root.exists() else []

    def false_names(self, output, reference):
        """Files under a final name that are not what an undisturbed run writes there."""
        of_the_folder = (".metamict.lock", "index.html", "summary.csv")  # they tell of the images that are done
        found = {name: value for name, value in self.results(output).items() if ".part" not in name and name not in of_the_folder}
        return [name for name, value in found.items() if reference.get(name) != value]

    def remove(self, output):
        shutil.rmtree(self.path / output, ignore_errors=True)


rng = random.Random(SEED)


def report(line):
    print(line, file=sys.stderr, flush=True)
