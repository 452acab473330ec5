#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How near the measured amorphous front and fraction come to the truth, over simulated dose series of several seeds.

Front error: mean over the places of the curve of |depth - depth in the truth|, both below the film's surface and along the
growth direction. Allowed: half a unit cell plus half a stride for the front, 0.02 for the amorphous fraction of the film.
"""
import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

SCRIPTS = Path(__file__).resolve().parent
CAP, ORDERED, SUBSTRATE, AMORPHOUS, PARTLY = 1, 2, 3, 4, 5


def depth_in_truth(truth: np.ndarray, point: dict, growth_deg: float) -> float:
    """Depth of the deepest amorphous pixel along the line through a curve point, below the film's first pixel."""
    down = np.array([-np.cos(np.deg2rad(growth_deg)), np.sin(np.deg2rad(growth_deg))])
    start = np.array([point["surface_px"]["x"], point["surface_px"]["y"]]) if isinstance(point["surface_px"], dict) else np.array(point["surface_px"])
    steps = np.arange(-80, 500, 0.5)
    line = np.rint(start + steps[:, None] * down).astype(int)
    inside = np.all((line >= 0) & (line < truth.shape[::-1]), axis=1)
    labels = truth[line[inside, 1], line[inside, 0]]
    film = np.isin(labels, (ORDERED, AMORPHOUS, PARTLY))
    deep = labels == AMORPHOUS
    if not deep.any():
        return 0.0
    return 0.5 * (len(deep) - np.argmax(deep[::-1]) - np.argmax(film))


def assess(member: dict, truth: np.ndarray, labels: np.ndarray, names: dict) -> dict:
    film = np.isin(truth, (ORDERED, AMORPHOUS, PARTLY))
    true_fraction = float((truth == AMORPHOUS).sum() / film.sum())
    front = member["front"]
    errors = [abs(point["depth_px"] - depth_in_truth(truth, point, member["growth_direction_deg"])) for point in front["curve"]]
    nm = member["nm_per_pixel"]
    iou = {}
    for name, value in (("amorphous film", AMORPHOUS), ("partly ordered film", PARTLY), ("ordered film", ORDERED), ("cap", CAP), ("substrate", SUBSTRATE)):
        mine, theirs = labels == names.get(name, -1), truth == value
        iou[name] = float((mine & theirs).sum() / max(1, (mine | theirs).sum())) if theirs.any() else float("nan")
    return {"fraction": front["amorphous_fraction_film"]["value"], "uncertainty": front["amorphous_fraction_film"]["uncertainty"], "truth": true_fraction,
            "front_error_nm": float(np.mean(errors)) * nm, "allowed_nm": (member["chip_px"] / 8 + member["stride_px"] / 2) * nm, "iou": iou}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(SCRIPTS.parent / "build/release/metamict"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[2023, 11, 12, 13])
    parser.add_argument("--keep", type=Path, help="folder for images and results (default: a temporary one)")
    parser.add_argument("arguments", nargs="*", help="after --: more arguments for metamict series")
    options = parser.parse_args()
    print("| seed | dose (dpa) | amorphous fraction | truth | error | front error (nm) | allowed (nm) | IoU amorphous | IoU partly ordered | IoU film | within |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        for seed in options.seeds:
            data = (options.keep or Path(temporary)) / f"seed{seed}"
            out = (options.keep or Path(temporary)) / f"series{seed}"
            if not (data / "series.csv").exists():
                subprocess.run([sys.executable, SCRIPTS / "make_series.py", "--seed", str(seed), "--output", data], check=True, stdout=subprocess.DEVNULL)
            subprocess.run([options.program, "series", data / "series.csv", "--output", out, "--resume", "--graphml", "none", "--cut", "mean,nested", "--quiet",
                            *options.arguments], check=True)
            series = json.loads((out / "series.json").read_text())
            names = {label["name"]: label["label"] for label in series["labels"]}
            truths = {row["image"]: row["truth"] for row in csv.DictReader(open(data / "series.csv", newline=""))}
            for member in series["images"]:
                truth = np.array(Image.open(data / truths[member["image"]]))
                labels = np.array(Image.open(out / member["labels"]))
                r = assess(member, truth, labels, names)
                within = r["front_error_nm"] <= r["allowed_nm"] and abs(r["fraction"] - r["truth"]) <= 0.02
                good &= within
                show = lambda value: "–" if np.isnan(value) else f"{value:.2f}"
                print(f"| {seed} | {member['dose_dpa']:g} | {r['fraction']:.4f} ± {r['uncertainty']:.4f} | {r['truth']:.4f} | {r['fraction'] - r['truth']:+.4f} | "
                      f"{r['front_error_nm']:.3f} | {r['allowed_nm']:.3f} | {show(r['iou']['amorphous film'])} | {show(r['iou']['partly ordered film'])} | "
                      f"{show(r['iou']['ordered film'])} | {'yes' if within else 'NO'} |", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
