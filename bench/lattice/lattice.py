#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lattice period that `inspect` finds in generated bicrystals and dumbbells, against the truth.

    bench/lattice/lattice.py [--each 100] [--seed 20261] [--metamict build/release/metamict] [--keep FOLDER] [--verbose]

600 images of 96 to 512 px (--each of a size): two grains of one lattice, dumbbells, two grains of dumbbells, a second
lattice beside the first. Right: within 3 %. Uncertain: no period, but candidates. Wrong: any other period. None: no
period and no candidate. The goal: none wrong, at most 5 % without a period.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import tempfile

import numpy as np

import crystals

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIZES_PX = (96, 128, 192, 256, 384, 512)
SHARES = {"two grains": 0.4, "dumbbells": 0.2, "two grains of dumbbells": 0.2, "second lattice": 0.2}
RIGHT_WITHIN = 0.03
VERDICTS = ("right", "uncertain", "none", "wrong")


def write_scenes(each, seed, folder):
    scenes = {}
    for edge_px in SIZES_PX:
        for kind in crystals.KINDS:
            for k in range(round(each * SHARES[kind])):
                scene = crystals.make_scene(kind, edge_px, (seed, edge_px, crystals.KINDS.index(kind), k))
                path = folder / f"{edge_px}_{kind.replace(' ', '-')}_{k:03d}.npy"
                np.save(path, scene.image)
                scenes[str(path)] = (kind, edge_px, scene)
    return scenes


def inspect(metamict, paths):
    found = []
    for first in range(0, len(paths), 50):
        run = subprocess.run([metamict, "inspect", "--json", *paths[first:first + 50]], stdout=subprocess.PIPE, check=True)
        found += json.loads(run.stdout)
    return found


def verdict(file, truth):
    period = file["lattice_period_px"]
    if not isinstance(file["chip_size_px"], (int, float)):
        raise SystemExit(f"{file['path']}: chip_size_px is {file['chip_size_px']}")
    if period is None:
        return "uncertain" if file.get("lattice_candidates_px") else "none"
    return "right" if abs(period / truth - 1) <= RIGHT_WITHIN else "wrong"


def print_table(counts):
    print(f"{'kind':24} {'size':>5} {'images':>7}" + "".join(f"{name:>10}" for name in VERDICTS))
    def line(kind, size, keys):
        row = [sum(counts[key][name] for key in keys) for name in VERDICTS]
        print(f"{kind:24} {size:>5} {sum(row):>7}" + "".join(f"{number:>10}" for number in row))
    for kind in crystals.KINDS:
        for size in SIZES_PX:
            line(kind, size, [(kind, size)])
    for kind in crystals.KINDS:
        line(kind, "all", [key for key in counts if key[0] == kind])
    line("all", "all", list(counts))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261)
    parser.add_argument("--metamict", default=str(ROOT / "build/release/metamict"))
    parser.add_argument("--keep", type=pathlib.Path, help="leave the images here")
    parser.add_argument("--verbose", action="store_true", help="say what was in every image that is not right")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        scenes = write_scenes(arguments.each, arguments.seed, folder)
        counts = collections.defaultdict(collections.Counter)
        for file in inspect(arguments.metamict, list(scenes)):
            kind, size, scene = scenes[file["path"]]
            said = verdict(file, scene.period_px)
            counts[kind, size][said] += 1
            if arguments.verbose and said != "right":
                found = file["lattice_period_px"] or file.get("lattice_candidates_px")
                print(f"{said}: {pathlib.Path(file['path']).name}: {found}; {scene.words}")
    print_table(counts)


if __name__ == "__main__":
    main()
