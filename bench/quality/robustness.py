#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the map holds when one thing at a time gets worse: dose, defocus drift, carbon, chip size, rotation, pixel size.

    bench/quality/robustness.py --program build/release/metamict --plot docs/robustness.png

A cap, a film with an amorphous pocket, and a substrate (scenes.py), drawn again for each value and three seeds; the
adjusted Rand index of the default map against the truth. Prints the table, draws one panel per quantity.
"""
import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from sklearn import metrics
import tifffile

import scenes

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIDE, PERIOD_PX = 512, 16.0
# quantity: (values, label of the axis, logarithmic)
SWEEPS = {
    "dose": ((5, 10, 20, 50, 100, 300), "electrons per pixel", True),
    "defocus": ((0, 0.2, 0.4, 0.6, 0.8, 1.0), "growth of the probe across the image", False),
    "carbon": ((0, 0.1, 0.2, 0.3, 0.4, 0.5), "carbon contamination", False),
    "chip": ((0.7, 0.8, 0.9, 1.0, 1.15, 1.3), "chip size over 4 periods", False),
    "rotation": ((0, 9, 18, 27, 36, 45), "rotation in degrees", False),
    "period": ((6, 9, 12, 16, 24, 36), "period in pixels", True),
}


def draw(sweep, value, seed):
    """uint16 image and truth of the standard film with one thing changed."""
    rng = np.random.default_rng([11, seed])
    film = scenes.Solid("perovskite", 1.0, contrast=0.4)
    glass = scenes.replace(film, lattice=None, grey=0.8, contrast=0.3)
    substrate = scenes.replace(film, grey=0.62, weak=0.75)
    label = scenes.layers(rng, SIDE, [0.18, 0.66], 3)
    label[scenes.blob(rng, SIDE, (rng.uniform(0.3, 0.7) * SIDE, 0.36 * SIDE), 0.13 * SIDE) & (label == 2)] = 4
    period_px = value if sweep == "period" else PERIOD_PX
    scope = scenes.Scope(probe_px=0.13 * period_px, dose=value if sweep == "dose" else 100.0, defocus=value if sweep == "defocus" else 0.0,
                         carbon=value if sweep == "carbon" else 0.0, tear_px=0.2, wedge=0.1, direction_deg=15)
    angle_deg = value if sweep == "rotation" else 7.0
    return scenes.render(label, [scenes.cap(rng), film, substrate, glass], scope, period_px, angle_deg, rng), label


def measure(program, work, seeds):
    for sweep, (values, _, _) in SWEEPS.items():
        for value in values:
            folder = work / f"{sweep}_{value}"
            folder.mkdir(parents=True, exist_ok=True)
            truths, paths = [], []
            for seed in range(seeds):
                image, truth = draw(sweep, value, seed)
                paths.append(folder / f"film_{seed}.tif")
                tifffile.imwrite(paths[-1], image)
                truths.append(truth)
            size = ["--chip-size", str(4 * PERIOD_PX * value)] if sweep == "chip" else []
            done = subprocess.run([program, "segment", *paths, "--output", folder / "maps", "--overwrite", "--quiet", "--graphml", "none",
                                   "--cut", "mean,nested", "--primary", "nested", *size])
            for seed, truth in enumerate(truths):
                maps = folder / "maps" / f"film_{seed}"
                if not (maps / "DONE.json").exists():
                    print(f"{sweep} {value} seed {seed}: no result (exit code {done.returncode})")
                    yield sweep, value, 0.0, float("nan"), ""
                    continue
                labels = tifffile.imread(maps / "nested/labels.tif")
                report = json.loads((maps / "report.json").read_text())
                pocket = max(((labels == k) & (truth == 4)).sum() / ((labels == k) | (truth == 4)).sum() for k in np.unique(labels))
                warned = any("ontamination" in note for note in report["notes"])
                yield sweep, value, metrics.adjusted_rand_score(truth.ravel(), labels.ravel()), pocket, "warned" if warned else ""


def plot(rows, path):
    figure, axes = plt.subplots(2, 3, figsize=(9, 5), sharey=True, constrained_layout=True)
    for axis, (sweep, (values, label, logarithmic)) in zip(axes.ravel(), SWEEPS.items()):
        for column, name, colour, marker in ((2, "ARI", "#0072B2", "o"), (3, "pocket IoU", "#D55E00", "s")):
            mean = [np.nanmean([row[column] for row in rows if row[:2] == (sweep, value)]) for value in values]
            for row in rows:
                if row[0] == sweep:
                    axis.plot(row[1], row[column], marker, color=colour, alpha=0.3, markersize=3)
            axis.plot(values, mean, "-", marker=marker, color=colour, markersize=4, label=name)
        if logarithmic:
            axis.set_xscale("log")
            axis.set_xticks(values, [str(v) for v in values])
            axis.minorticks_off()
        axis.set_xlabel(label)
        axis.set_ylim(0, 1.03)
        axis.grid(alpha=0.3)
    axes[0, 0].legend(loc="lower right")
    figure.savefig(path, dpi=130)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/release/metamict"))
    parser.add_argument("--plot", type=pathlib.Path, default=pathlib.Path("robustness.png"))
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    work = arguments.work or pathlib.Path(tempfile.mkdtemp(prefix="metamict-robustness-"))
    rows = list(measure(arguments.program, work, arguments.seeds))
    print("| quantity | value | ARI | pocket IoU | warned of contamination |\n|---|---|---|---|---|")
    for sweep, (values, _, _) in SWEEPS.items():
        for value in values:
            some = [row for row in rows if row[:2] == (sweep, value)]
            print(f"| {sweep} | {value} | {np.mean([r[2] for r in some]):.3f} | {np.nanmean([r[3] for r in some]):.3f} | {sum(bool(r[4]) for r in some)} of {len(some)} |")
    with open(work / "robustness.csv", "w", newline="") as file:
        csv.writer(file).writerows([("quantity", "value", "ari", "pocket_iou", "warned"), *rows])
    plot(rows, arguments.plot)


if __name__ == "__main__":
    main()
