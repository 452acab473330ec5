#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many images over several machines: what the machinery around the encoder costs.

    bench/scale.py build/soak/metamict_fake [--images 200] [--gathered 10000]

The fake encoder takes the encoder's time out, so that shards, locks, records and the gathering are what is measured. Nodes are cores of
this machine, one thread each. Goals: two nodes take at most 1.10 of half of one node's time; a task's overhead is at most 0.3 s; gathering
10,000 finished images takes at most 20 s and 500 MB.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import numpy

CARD = {"schema": 1, "name": "fake", "kind": "untrained", "input_px": 16, "channels": 3, "mean": [0, 0, 0], "std": [1, 1, 1], "features": 8,
        "cells_per_chip": 4, "weights_dtype": "float16", "provenance": "a benchmark", "sha256": "0" * 64}
OPTIONS = ["--chip-size", "16", "--stride", "4", "--cut", "mode", "--primary", "mode", "--threads", "1", "--quiet"]


def run(command, core=None, environment=None):
    return subprocess.Popen([*(["taskset", "-c", str(core)] if core is not None else []), *map(str, command)], env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def timed(commands, environment):
    """Wall seconds until all of them have ended; each on a core of its own."""
    start = time.perf_counter()
    running = [run(command, core, environment) for core, command in enumerate(commands)]
    assert all(process.wait() == 0 for process in running)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--gathered", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="metamict-scale-"))
    (work / "models").mkdir()
    (work / "models/metamict-resnet50.pt").write_bytes(b"not read by the fake encoder")
    (work / "models/metamict-resnet50.json").write_text(json.dumps(CARD))
    environment = {**os.environ, "METAMICT_MODELS": str(work / "models"), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    rng = numpy.random.default_rng(1)
    (work / "in").mkdir()
    y, x = numpy.mgrid[0:256, 0:256]
    for k in range(given.images):
        image = 2 + numpy.cos(2 * numpy.pi * x / 8) + numpy.cos(2 * numpy.pi * y / 8) * (x < 150)
        numpy.save(work / f"in/frame{k:04}.npy", rng.poisson(20 * image).astype("<f4"))
    manifest = work / "manifest.csv"
    manifest.write_text("image\n" + "".join(f"in/frame{k:04}.npy\n" for k in range(given.images)))

    def segment(output, *more):
        return [given.program, "segment", "--manifest", manifest, "--output", work / output, *OPTIONS, *more]

    ratios = []
    for turn in range(given.rounds):
        one = timed([segment(f"one{turn}", "--shard", "1/1")], environment)
        two = timed([segment(f"two{turn}", "--shard", "1/2"), segment(f"two{turn}", "--shard", "2/2")], environment)
        ratios.append(two / (one / 2))
        print(f"{given.images} images: one node {one:.2f} s, two nodes {two:.2f} s, {ratios[-1]:.3f} of half", flush=True)
        if turn + 1 < given.rounds:
            shutil.rmtree(work / f"one{turn}")
            shutil.rmtree(work / f"two{turn}")
    print(f"two nodes against half of one, median {sorted(ratios)[len(ratios) // 2]:.3f} (goal 1.10)")

    whole, alone = [], []
    for k in range(9):
        alone.append(timed([[given.program, "segment", work / f"in/frame{k:04}.npy", "--output", work / "single", "--overwrite", *OPTIONS]], environment))
        whole.append(timed([segment("tasks", "--shard", f"only:frame{k:04}")], environment))
    inside = []
    for k in range(9):
        record = json.loads((work / f"tasks/run.{k + 1}.json").read_text())
        inside.append(record["images"][0]["seconds"]["total"])
    overhead = sorted(a - b for a, b in zip(whole, inside))[4]
    print(f"a task of one image of {given.images}: overhead {overhead:.3f} s beside the image's own time, median (goal 0.3); "
          f"against the same image by name {sorted(a / b for a, b in zip(whole, alone))[4]:.3f}")

    last = work / f"one{given.rounds - 1}"
    gathered = work / "gathered"
    gathered.mkdir()
    lines = ["image,name"]
    names = []
    for k in range(given.gathered):
        source = f"frame{k % given.images:04}"
        name = f"copy{k:05}"
        names.append((source, name))
        lines.append(f"{work}/in/{source}.npy,{name}")
        shutil.copytree(last / source, gathered / name, copy_function=os.link)
    (work / "all.csv").write_text("\n".join(lines) + "\n")
    record = json.loads((last / "run.1.json").read_text())
    images = {image["stem"]: image for image in record["images"]}
    record["images"] = [{**images[source], "stem": name, "image": f"{work}/in/{source}.npy"} for source, name in names]
    (gathered / "run.1.json").write_text(json.dumps(record))
    shutil.copy(last / "run.1.toml", gathered / "run.1.toml")
    start = time.perf_counter()
    process = run([given.program, "gather", gathered, "--manifest", work / "all.csv"], environment=environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    print(f"gather of {given.gathered} images: exit {os.waitstatus_to_exitcode(status)}, {seconds:.1f} s (goal 20), {usage.ru_maxrss / 1024:.0f} MB "
          f"(goal 500), index.html {(gathered / 'index.html').stat().st_size / 1e6:.1f} MB")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
