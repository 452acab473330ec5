#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a way of computing does to the maps: the sample series and simulated scenes, segmented by each variant.

    bench/variants.py [--scenes 12] [--metamict build/release/metamict] NAME="OPTIONS" NAME="OPTIONS" ...
    bench/variants.py chip="--embedding chip" shared="--embedding shared"
    bench/variants.py bfloat16="--precision bfloat16" float32="--precision float32"

For each image and rule: the adjusted Rand index of every variant's map against the truth, and of every later variant's against
the first one's map; and per image the cosine of the embeddings, mean and worst over chips. Scenes come from
scripts/stem_sim.py with a seed that no training uses, 384 px, given the chip size they are drawn at (64 px).
"""

import argparse
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

import numpy
import tifffile
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
import stem_sim

SEED = 771_000
RULES = ("mean", "median", "mode", "nested")


def make_scenes(count, folder):
    """Scenes of at least two regions and their truth: pixels belong to the region of the largest weight."""
    files = []
    for k in range(SEED, SEED + 10 * count):
        scene = stem_sim.training_scene(numpy.random.default_rng(k), size_px=384, period_px=16)
        truth = scene.weights.argmax(0)
        shares = numpy.bincount(truth.ravel()) / truth.size
        if (shares > 0.05).sum() < 2:
            continue
        image, labels = folder / f"scene{k - SEED}.tif", folder / f"scene{k - SEED}_truth.png"
        tifffile.imwrite(image, scene.image)
        Image.fromarray((truth + 1).astype(numpy.uint8)).save(labels)
        files.append((image, labels))
        if len(files) == count:
            break
    return files


def ari(metamict, labels, truth):
    answer = subprocess.run([metamict, "evaluate", labels, truth, "--json"], check=True, capture_output=True).stdout
    return json.loads(answer)["ari"]


def segment(metamict, images, options, out):
    command = [metamict, "segment", *images, "--output", out, "--write", "embeddings", "--graphml", "none", "--quiet", *options]
    subprocess.run(command, check=True)


def cosines(folder_a, folder_b):
    a, b = (numpy.load(folder / "embeddings.npy") for folder in (folder_a, folder_b))
    return (a * b).sum(1)


def measure(metamict, files, variants, folder):
    """Rows: image, rule, [ARI against truth], [ARI against the first variant]."""
    rows = []
    names = list(variants)
    for image, truth in files:
        outs = [folder / name / image.stem for name in names]
        for out in outs[1:]:
            cosine = cosines(outs[0], out)
            print(f"{image.stem}: cosine of {names[0]} and {out.parent.name}: mean {cosine.mean():.5f}, worst {cosine.min():.5f}")
        for rule in RULES:
            maps = [out / rule / "labels.tif" for out in outs]
            against_truth = [ari(metamict, labels, truth) for labels in maps]
            rows.append((image.stem, rule, against_truth, [ari(metamict, maps[0], labels) for labels in maps[1:]]))
    return rows


def show(rows, names):
    header = ["image", "rule", *(f"{name} against truth" for name in names), *(f"{name} against {names[0]}" for name in names[1:])]
    print("\n| " + " | ".join(header) + " |\n|" + "---|" * len(header))
    for image, rule, truth, first in rows:
        print(f"| {image} | {rule} | " + " | ".join(f"{value:.3f}" for value in truth + first) + " |")
    for kind in ("lfo", "scene"):
        for rule in RULES:
            chosen = [row for row in rows if row[0].startswith(kind) and row[1] == rule]
            if chosen:
                means = [statistics.mean(column) for column in zip(*(truth + first for _, _, truth, first in chosen))]
                print(f"| mean of {len(chosen)} {kind} | {rule} | " + " | ".join(f"{value:.3f}" for value in means) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="+", help='NAME="OPTIONS"')
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--no-series", action="store_true")
    parser.add_argument("--metamict", default=ROOT / "build" / "release" / "metamict")
    arguments = parser.parse_args()
    variants = {name: shlex.split(options) for name, _, options in (text.partition("=") for text in arguments.variants)}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        scenes = make_scenes(arguments.scenes, folder)
        images = [ROOT / "data" / f"lfo_sto_{dose}dpa.tif" for dose in ("0", "0p1", "0p5")]
        series = [] if arguments.no_series else [(image, image.with_name(f"{image.stem}_truth.png")) for image in images]
        for name, options in variants.items():
            if scenes:
                segment(arguments.metamict, [image for image, _ in scenes], ["--chip-size", "64", *options], folder / name)
            if series:
                segment(arguments.metamict, [image for image, _ in series], options, folder / name)
        show(measure(arguments.metamict, [*series, *scenes], variants, folder), list(variants))


if __name__ == "__main__":
    main()
