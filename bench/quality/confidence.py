#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the confidence of a region true? Said against true, over simulated scenes with a known truth.

    bench/quality/confidence.py --program build/release/metamict [--work DIR] [--seeds 71,404] [--share 0.25] [--looks auto] [--threads 2]

A region is true when a region of the truth covers it with an intersection over union of at least 0.75. Goal: of the regions said to be sure to 0.9
or more, 95 % are true, and at least half of the true regions are said to be that sure. Prints a table in bins and writes every region to
WORK/confidence.csv.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import tifffile

import scenes

BINS = ((0.0, 0.4), (0.4, 0.7), (0.7, 0.9), (0.9, 1.01))


def regions_of(program, folder, name, scene, options):
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, scene.image)
    subprocess.run([program, "segment", path, "--output", folder / "out", "--cut", "nested", "--overwrite", "--quiet", "--graphml", "none", "--outputs", "lean",
                    *options], check=True)
    report = json.loads((folder / "out" / name / "report.json").read_text())
    labels = tifffile.imread(folder / "out" / name / "nested" / "labels.tif")
    found = []
    for region in report["rules"]["nested"]["regions"]:
        mine = labels == region["label"]
        best = max(np.logical_and(mine, scene.truth == truth).sum() / np.logical_or(mine, scene.truth == truth).sum()
                   for truth in np.unique(scene.truth) if truth > 0)
        found.append((region["confidence"], best, region["area_px"] / labels.size))
    matched = 0
    for truth in np.unique(scene.truth):
        if truth > 0:
            theirs = scene.truth == truth
            ious = [(np.logical_and(theirs, labels == region["label"]).sum() / np.logical_or(theirs, labels == region["label"]).sum(), region["confidence"])
                    for region in report["rules"]["nested"]["regions"]]
            best = max(ious, default=(0, 0))
            matched += best[0] >= 0.75 and best[1] >= 0.9
    return found, matched, len([truth for truth in np.unique(scene.truth) if truth > 0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/metamict")
    parser.add_argument("--work", type=pathlib.Path, default=None)
    parser.add_argument("--seeds", default="71,404")
    parser.add_argument("--share", type=float, default=0.25)
    parser.add_argument("--looks", default="auto")
    parser.add_argument("--threads", default="2")
    given = parser.parse_args()
    work = given.work or pathlib.Path(tempfile.mkdtemp(prefix="metamict-confidence-"))
    work.mkdir(parents=True, exist_ok=True)
    rows, sure_truths, truths = [], 0, 0
    for seed in (int(seed) for seed in given.seeds.split(",")):
        for name, scene in scenes.all_scenes(seed, given.share):
            found, sure, total = regions_of(given.program, work, f"s{seed}_{name}", scene, ["--looks", given.looks, "--threads", given.threads])
            sure_truths, truths = sure_truths + sure, truths + total
            rows += [(seed, name, *one) for one in found]
    with open(work / "confidence.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["seed", "scene", "confidence", "iou", "share"])
        writer.writerows(rows)
    print(f"{len(rows)} regions of {len({row[:2] for row in rows})} scenes, --looks {given.looks}")
    print("| said | regions | true |\n|---|---|---|")
    for low, high in BINS:
        some = [row for row in rows if low <= row[2] < high]
        if some:
            print(f"| {low:.1f} to {min(high, 1):.1f} | {len(some)} | {np.mean([row[3] >= 0.75 for row in some]):.3f} |")
    print(f"true regions that are said to be sure to 0.9 or more: {sure_truths} of {truths} ({sure_truths / max(1, truths):.3f})")


if __name__ == "__main__":
    main()
