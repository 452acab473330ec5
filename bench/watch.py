#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a frame's arrival in a watched folder to its label map, against the same frame segmented by a warm process.

    bench/watch.py [--frame data/lfo_sto_0p1dpa.tif] [--rounds 3] [--threads 2] [--metamict build/release/metamict] [-- OPTIONS of segment]

Each round has three turns: the frame is written into the watched folder, it is renamed into it, and `segment` does it as the second image of one
call, so that its encoder is warm, too. The clock stops when labels.tif stands under its final name. Goal: 0.2 s more than `segment` takes. On a
busy machine the difference of two such times is noise; so what `watch` adds is also read from run.json, as a frame's `latency_s` less the
`seconds.total` of its own segmentation, which a busy machine lengthens little.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOAL_S = 0.2


def seconds_until(path, since, limit_s=300):
    while not path.exists():
        if time.perf_counter() - since > limit_s:
            raise SystemExit(f"{path} did not come within {limit_s} s")
        time.sleep(0.002)
    return time.perf_counter() - since


def arrive(frame, folder, out, stem, renamed):
    """Seconds from the moment the file is whole to its label map."""
    target, rule = folder / f"{stem}.tif", "nested"
    if renamed:
        shutil.copyfile(frame, folder / f"{stem}.part")
        os.rename(folder / f"{stem}.part", target)
    else:
        shutil.copyfile(frame, target)
    return seconds_until(out / stem / rule / "labels.tif", time.perf_counter())


def warm_segment(arguments, folder):
    """Seconds of the second image of one call, all of it: read, segmented, written."""
    images = []
    for name in ("first", "second"):
        images.append(folder / f"{name}.tif")
        shutil.copyfile(arguments.frame, images[-1])
    out = folder / "segmented"
    subprocess.run([arguments.metamict, "segment", *images, "--output", out, "--overwrite", "--quiet", *arguments.options], check=True)
    return json.loads((out / "run.json").read_text())["images"][1]["seconds"]["total"]


def measure(arguments, folder):
    incoming, out = folder / "in", folder / "out"
    incoming.mkdir()
    watch = subprocess.Popen([arguments.metamict, "watch", incoming, "--output", out, "--quiet", *arguments.options])
    try:
        arrive(arguments.frame, incoming, out, "warm-up", True)
        times = {"written": [], "renamed in": [], "segment, warm": []}
        for turn in range(arguments.rounds):
            times["written"].append(arrive(arguments.frame, incoming, out, f"written{turn}", False))
            times["renamed in"].append(arrive(arguments.frame, incoming, out, f"renamed{turn}", True))
            times["segment, warm"].append(warm_segment(arguments, folder))
        time.sleep(1)  # run.json is written after the results
    finally:
        watch.send_signal(signal.SIGTERM)
        watch.wait()
    images = json.loads((out / "run.json").read_text())["images"][1:]
    return times, [image["latency_s"] - image["seconds"]["total"] for image in images]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frame", type=pathlib.Path, default=ROOT / "data" / "lfo_sto_0p1dpa.tif")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--metamict", default=ROOT / "build" / "release" / "metamict")
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    arguments.options += ["--threads", str(arguments.threads)]
    with tempfile.TemporaryDirectory() as folder:
        times, added = measure(arguments, pathlib.Path(folder))
    base = statistics.median(times["segment, warm"])
    for name, values in times.items():
        more = "" if name.startswith("segment") else f", {statistics.median(values) - base:+.2f} s against segment (goal {GOAL_S:+.2f})"
        print(f"{name}: median {statistics.median(values):.2f} s of {', '.join(f'{value:.2f}' for value in values)}{more}")
    print(f"watch adds to its own segmentation: median {statistics.median(added):.3f} s, at most {max(added):.3f} s, goal {GOAL_S} s: "
          f"{'met' if max(added) <= GOAL_S else 'MISSED'}")


if __name__ == "__main__":
    main()
