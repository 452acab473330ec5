#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Forecast against what came: seconds and memory of `--dry-run --json` over those of run.json, for images of several sizes.

    bench/forecast.py [--program build/release/metamict] [--sizes 512,1024,1536,2048] [--threads 2] [-- OPTIONS of segment]

Goal: within a factor of 1.3 in time and 15 % in memory. The images are tiles of the sample series.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import tifffile

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/metamict")
    parser.add_argument("--sizes", default="512,1024,1536,2048")
    parser.add_argument("--threads", default="2")
    parser.add_argument("options", nargs="*")
    given = parser.parse_args()
    sample = tifffile.imread(ROOT / "data" / "lfo_sto_0p1dpa.tif")
    print("| size | chips | graph | seconds | forecast over seconds | memory (MiB) | forecast over memory |\n|---|---|---|---|---|---|---|")
    for size in (int(size) for size in given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "image.tif"
            tiles = -(-size // sample.shape[0])
            mirrored = np.block([[sample, sample[:, ::-1]], [sample[::-1], sample[::-1, ::-1]]])
            tifffile.imwrite(path, np.tile(mirrored, (-(-tiles // 2), -(-tiles // 2)))[:size, :size])
            how = [given.program, "segment", path, "--output", pathlib.Path(folder) / "out", "--threads", given.threads, *given.options]
            plan, = json.loads(subprocess.run([*how, "--dry-run", "--json"], check=True, capture_output=True, text=True).stdout)
            subprocess.run([*how, "--quiet"], check=True)
            image, = json.loads((pathlib.Path(folder) / "out" / "run.json").read_text())["images"]
            stages = " ".join(f"{stage} {seconds:.1f}" for stage, seconds in image["seconds"].items() if seconds >= 0.1)
            print(f"| {size}² | {plan['chips']} | {plan['graph']} | {image['seconds']['total']:.1f} | {plan['predicted_seconds'] / image['seconds']['total']:.2f} "
                  f"| {image['peak_memory_bytes'] / 2**20:.0f} | {plan['predicted_memory_bytes'] / image['peak_memory_bytes']:.2f} | {stages}", flush=True)


if __name__ == "__main__":
    main()
