#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the lattice-order index follows simulated disorder: Spearman's correlation over a ramp, at several doses.

Each image is a row of bands of one lattice, from perfect to no lattice at all; disorder comes by mixture through the
thickness, by displaced columns, or by both. The index is read from chips.csv of chips that lie inside one band.
"""
import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile
from scipy import stats

import stem_sim as sim

PERIOD_PX, BAND_PX, ROWS_PX = 16.0, 160, 224
LEVELS = np.linspace(0, 1, 13)
FAMILIES = {"perovskite": (38, 22), "hexagonal": (31, 31), "dumbbell": (32, 32)}


def ramp_image(family: str, share: float, electrons: float, seed: int) -> np.ndarray:
    """Bands side by side; share: how much of the disorder is mixture, the rest is displacement."""
    rng = np.random.default_rng(seed)
    shape = (ROWS_PX + 2 * sim.MARGIN_PX, BAND_PX * len(LEVELS) + 2 * sim.MARGIN_PX)
    parent = sim.Material("lattice", 1.0, sim.make_lattice(family, FAMILIES[family]), pedestal=0.5, speckle_sd=0.06, slices=6)
    scope = sim.Microscope(probe_px=0.16 * PERIOD_PX, counts=electrons, readout=0.3)
    probe = sim.probe_transfer(scope, shape)
    placing = sim.Placing(PERIOD_PX, rng.uniform(0, 90), rng.uniform(0, 16, 2))
    scene = np.zeros(shape, np.float32)
    for band, level in enumerate(LEVELS):
        mixture = 1 - (1 - level) ** share
        left = max((1 - level) / max(1 - mixture, 1e-9), 1e-9) if level < 1 else 1.0
        material = sim.replace(parent, mixture=1.0 if level == 1 else mixture, displacement=float(np.sqrt(max(-np.log(left), 0) / (2 * np.pi**2))))
        cols = slice(sim.MARGIN_PX + band * BAND_PX if band else 0, sim.MARGIN_PX + (band + 1) * BAND_PX if band + 1 < len(LEVELS) else shape[1])
        scene[:, cols] = sim.object_of(material, placing, probe, rng, shape)[:, cols]
    inner = (slice(sim.MARGIN_PX, -sim.MARGIN_PX),) * 2
    return sim.look(scene, scope, rng)[inner].astype(np.float32)


def measured_order(program: str, path: Path, out: Path) -> tuple[np.ndarray, np.ndarray]:
    """Level and order of every chip that lies inside one band."""
    chip = 4 * PERIOD_PX
    subprocess.run([program, "segment", path, "--output", out, "--overwrite", "--chip-size", str(chip), "--stride", str(chip / 2), "--cut", "mean",
                    "--runs", "1", "--graphml", "none", "--quiet", "--threads", "2"], check=True)
    levels, orders = [], []
    for row in csv.DictReader(open(out / path.stem / "chips.csv", newline="")):
        left, right = float(row["x_px"]) - chip / 2, float(row["x_px"]) + chip / 2
        if int(max(left, 0) // BAND_PX) == int(min(right - 1, BAND_PX * len(LEVELS) - 1) // BAND_PX):
            levels.append(LEVELS[int(max(left, 0) // BAND_PX)])
            orders.append(float(row["order"]))
    return np.array(levels), np.array(orders)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/metamict")
    parser.add_argument("--electrons", type=float, nargs="+", default=[20, 50, 200])
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    options = parser.parse_args()
    print(f"| lattice | disorder by | electrons per px | Spearman, bands | Spearman, chips | order at {' '.join(f'{x:.2f}' for x in LEVELS[::3])} |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for family in options.families:
            for share, name in ((1.0, "mixture"), (0.0, "displacement"), (0.5, "both")):
                for electrons in options.electrons:
                    path = Path(folder) / f"{family}_{name}_{electrons:g}.tif"
                    tifffile.imwrite(path, ramp_image(family, share, electrons, 1))
                    levels, orders = measured_order(options.program, path, Path(folder) / "out")
                    means = np.array([orders[levels == level].mean() for level in LEVELS])
                    bands = -stats.spearmanr(LEVELS, means)[0]
                    chips = -stats.spearmanr(levels, orders)[0]
                    print(f"| {family} | {name} | {electrons:g} | {bands:.3f} | {chips:.3f} | {' '.join(f'{x:.2f}' for x in means[::3])} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
