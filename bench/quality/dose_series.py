#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Can the numbers of a dose series be believed? Truth against value, over series as labs meet them.

    bench/quality/dose_series.py --program build/release/metamict [--work DIR] [--seed 2026] [--each 10] [--kinds buried,strip] [--threads 2] [--again]

Each series is two simulated micrographs of one film, undamaged and damaged, by the generator of scenes.py (sharp borders between crystal and glass).
Goals, over all images: the stated 95 % interval (1.96 times the uncertainty; from 0 to the limit where the number is 0) holds the true amorphous share of
the film in 90 to 99 %; a number that is off by more than 0.05 without a warning: none; at least 80 % of the images get a number; at most 10 % of the right
numbers carry a warning. Prints a table and writes every image to WORK/dose_series.csv. Resumes: a series whose result is there is not run again.
With --again only the joining is run again: the images keep their regions.
"""
import argparse
import csv
import pathlib
import subprocess
import tempfile
from dataclasses import replace

import numpy as np
import tifffile
from scipy import ndimage

import scenes

SIDE = 512
CELL_NM = 0.39
KINDS = ("standard", "oblique", "no cap", "vacuum", "no substrate", "no step", "strip", "rotated film", "buried", "pockets", "thin glass", "whole film",
         "last nanometre", "magnification", "no undamaged image", "nothing")


def fields(rng, angle_deg, edges_px, roughness_px):
    """Layer numbers 0, 1, .. along the growth direction, and the depth in px below the first edge [H, W]."""
    x, y = scenes.coordinates(SIDE)
    turn = np.deg2rad(angle_deg)
    along = (x - SIDE / 2) * np.sin(turn) + (y - SIDE / 2) * np.cos(turn) + SIDE / 2
    across = (x - SIDE / 2) * np.cos(turn) - (y - SIDE / 2) * np.sin(turn) + SIDE / 2
    number = np.zeros((SIDE, SIDE), int)
    places = np.arange(-SIDE, 2 * SIDE)
    for edge in edges_px:
        curve = ndimage.gaussian_filter1d(rng.standard_normal(len(places)), 40)
        curve *= roughness_px / max(np.abs(curve).max(), 1e-9)
        number += along > edge + np.interp(across, places, curve)
    return number, along - edges_px[0]


def series_of(kind, seed):
    """[(dose, image, true amorphous share of the film, pixel size in nm)] of one series of a kind."""
    rng = np.random.default_rng(seed)
    period_px = float(rng.uniform(13, 19))
    film, substrate = scenes.film_over_substrate(rng, "perovskite")
    if kind == "no step":
        substrate = replace(substrate, grey=film.grey * 0.97)
    turned_lattice = 45.0 if kind == "rotated film" else 0.0
    film = replace(film, turn_deg=turned_lattice)
    glass = replace(film, lattice=None, grey=film.grey * rng.uniform(0.75, 1.0), contrast=rng.uniform(0.2, 0.4))
    cap, vacuum = scenes.cap(rng), scenes.Solid(None, 0.03, contrast=0.2)
    scope = replace(scenes.random_scope(rng, period_px), carbon=0.0, wedge=float(rng.uniform(0, 0.15)), dose=float(np.exp(rng.uniform(np.log(40), np.log(400)))))
    angle = float(rng.uniform(-180, 180)) if kind == "oblique" else float(rng.uniform(-2, 2))
    top, film_px = rng.uniform(0.16, 0.24) * SIDE, rng.uniform(0.40, 0.50) * SIDE
    if kind == "no cap":
        top = -1.0
    if kind == "no substrate":
        film_px = 2.0 * SIDE
    share = float(rng.uniform(0.15, 0.6))
    shares = [0.0, share]
    if kind == "thin glass":
        shares = [0.0, float(rng.uniform(0.3, 1.0) / CELL_NM * period_px / film_px)]
    if kind == "whole film":
        shares = [0.0, 1.0]
    if kind == "last nanometre":
        shares = [0.0, 1 - 1.0 / CELL_NM * period_px / film_px]
    if kind == "no undamaged image":
        shares = [share / 2, min(share + 0.1, 0.65)]
    if kind == "nothing":
        shares = [0.0, 0.0]
    shown = []
    for number, part in enumerate(shares):
        magnified = 1.35 if kind == "magnification" and number == 1 else 1.0
        drawn_top, drawn_film = top if top < 0 else top * min(magnified, 1.2), film_px * magnified
        visible_film = min(drawn_film, SIDE - max(drawn_top, 0))
        roughness = float(rng.uniform(1, 5))
        layer, depth = fields(rng, angle + rng.uniform(-1, 1), [drawn_top, drawn_top + drawn_film], roughness)
        label = np.choose(layer, [1, 2, 3]).astype(np.uint8)
        amorphous = np.zeros_like(label, bool)
        if part > 0:
            wave = roughness / 2 * np.sin(np.linspace(0, 9, SIDE) + rng.uniform(0, 6))[None, :]
            if kind == "buried":
                start = rng.uniform(0.25, 0.4) * visible_film
                amorphous = (depth + wave > start) & (depth + wave < start + min(part, 0.45) * visible_film)
            elif kind == "pockets":
                for centre in rng.uniform(0.15, 0.35), rng.uniform(0.65, 0.85):
                    amorphous |= scenes.blob(rng, SIDE, (centre * SIDE, drawn_top + 0.2 * visible_film), rng.uniform(0.11, 0.16) * SIDE)
            elif part >= 1:
                amorphous[:] = True
            else:
                amorphous = depth + wave < part * visible_film
        label[(label == 2) & amorphous] = 4
        solids = [cap, film, substrate, glass]
        if kind == "vacuum":
            label[depth < -0.5 * drawn_top] = 5
            solids.append(vacuum)
        image = scenes.render(label, solids, replace(scope, probe_px=scope.probe_px * magnified), period_px * magnified, 0.0, rng)
        if kind == "strip":
            image[-40:] = 0
            for left in range(20, 320, 14):
                image[-28:-12, left:left + 8] = 60000 * rng.integers(0, 2)
            label[-40:] = 0
        truth = (label == 4).sum() / max(1, ((label == 4) | (label == 2)).sum())
        shown.append((number * 0.5, image, float(truth), CELL_NM / (period_px * magnified)))
    return shown


def figure(text):
    return float(text) if text else None


def run(program, folder, kind, seed, threads, options=(), again=False):
    made = series_of(kind, seed)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "series.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "dose_dpa", "pixel_size"])
        for dose, image, _, pixel_nm in made:
            tifffile.imwrite(folder / f"at_{dose}.tif", image)
            writer.writerow([f"at_{dose}.tif", dose, f"{pixel_nm:.6f}nm"])
    table = folder / "out" / "series.csv"
    if again or not table.exists():
        table.unlink(missing_ok=True)
        done = subprocess.run([program, "series", folder / "series.csv", "--output", folder / "out", "--cut", "nested",
                               "--resume" if again else "--overwrite", "--quiet", "--graphml", "none", "--threads", threads, *options],
                              capture_output=True, text=True)
        if not table.exists():
            raise SystemExit(f"{folder}: {done.stderr}")
    with open(table, newline="") as file:
        measured = list(csv.DictReader(file))
    rows = []
    for row, (dose, _, truth, _) in zip(measured, made):
        rows.append({"kind": kind, "seed": seed[-1], "dose": dose, "truth": round(truth, 4), "value": figure(row["amorphous_fraction_film"]),
                     "uncertainty": figure(row["amorphous_fraction_film_uncertainty"]), "limit": figure(row["amorphous_fraction_film_limit"]),
                     "thickness": row["film_thickness_nm"], "warnings": row["warnings"]})
    return rows


def judge(row):
    row["error"] = None if row["value"] is None else row["value"] - row["truth"]
    reach = 1.96 * row["uncertainty"] if row["value"] else row["limit"] or 0
    row["held"] = None if row["value"] is None else abs(row["error"]) <= reach + 1e-9
    row["right"] = row["value"] is not None and abs(row["error"]) <= 0.05
    row["silent"] = row["value"] is not None and not row["right"] and not row["warnings"]
    return row


def share(rows, test):
    return sum(map(test, rows)) / len(rows) if rows else float("nan")


def line(name, rows):
    given = [row for row in rows if row["value"] is not None]
    right = [row for row in rows if row["right"]]
    typical = np.median([abs(row["error"]) for row in given]) if given else float("nan")
    return (f"| {name} | {len(rows)} | {share(rows, lambda r: r['value'] is not None):.2f} | {typical:.3f} | {share(given, lambda r: r['held']):.2f} | "
            f"{sum(row['silent'] for row in rows)} | {share(right, lambda r: bool(r['warnings'])):.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/metamict")
    parser.add_argument("--work", type=pathlib.Path, default=None)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--threads", default="2")
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    work = given.work or pathlib.Path(tempfile.mkdtemp(prefix="metamict-dose-series-"))
    rows = []
    for kind in given.kinds.split(","):
        for k in range(given.each):
            rows += [judge(row) for row in run(given.program, work / f"{kind.replace(' ', '_')}_{k:02d}", kind, [given.seed, KINDS.index(kind), k], given.threads, again=given.again)]
    with open(work / "dose_series.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print("| kind | images | with a number | median error | interval holds the truth | off by 0.05 without a word | right, yet with a warning |\n|---|---|---|---|---|---|---|")
    for kind in dict.fromkeys(row["kind"] for row in rows):
        print(line(kind, [row for row in rows if row["kind"] == kind]))
    print(line("all", rows))
    print(line("with glass", [row for row in rows if row["truth"] > 0]))
    print(line("value above 0", [row for row in rows if row["value"]]))


if __name__ == "__main__":
    main()
