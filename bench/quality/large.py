#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large images: is the map of a graph over a sample of the chips the map of the exact graph, and how do time and memory grow?

    bench/quality/large.py agreement --seed 5 --each 4 --work DIR     sample against exact, on scenes of 2048²
    bench/quality/large.py growth --sizes 512,1024,2048,4096,8192     seconds and memory by size

`agreement` draws scenes by the generator of scenes.py (gradients left out), segments each with --graph exact and with
--graph sample, and compares the two maps of `nested`, and each with the truth. Goals: adjusted Rand index of the two maps
0.99 in the mean and 0.97 at worst; against the truth no change of more than 0.003. It can be stopped and goes on where it
was.

`growth` takes mirrored tiles of a sample image, at 16 px a period. It prints the seconds of each stage, and for each the
exponent of its growth with the number of chips, fitted to the images above the exact limit.
"""
import argparse
import json
import pathlib
import subprocess

import numpy as np
import tifffile
from scipy import ndimage
from sklearn import metrics

import scenes

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ("stack", "pocket", "wedge", "grains", "single")
LEAST_CHIPS, MOST_CHIPS = 9000, 22000  # more than a sample holds, few enough for the exact graph here


def segmented(arguments, path, out, graph):
    if not (out / path.stem / "report.json").exists():
        subprocess.run([arguments.program, "segment", path, "--output", out, "--cut", "nested", "--graph", graph, "--quiet", "--overwrite",
                        "--graphml", "none", *arguments.option], check=True)
    run = json.loads((out / "run.json").read_text())["images"]
    return tifffile.imread(out / path.stem / "nested" / "labels.tif"), next(image for image in run if pathlib.Path(image["path"]).name == path.name)


def draw(arguments):
    """Paths of scenes and their truths; drawn once."""
    folder = arguments.work / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(KINDS):
        made = 0
        for k in range(20 * arguments.each):
            if made == arguments.each:
                break
            path = folder / f"{kind}_{arguments.seed}_{k:02d}.tif"
            if not path.exists():
                if expected_chips([arguments.seed, number, k], kind, arguments.side) is None:
                    continue
                scene = scenes.scene(kind, [arguments.seed, number, k], arguments.side)
                np.save(path.with_suffix(".npy"), scene.truth)
                tifffile.imwrite(path, scene.image)
            made += 1
            yield path, np.load(path.with_suffix(".npy"))


def expected_chips(seed, kind, side):
    """About how many chips a scene will have, None where they are too few or too many. It draws what scenes.scene draws first."""
    rng = np.random.default_rng(seed)
    if not (kind in ("stack", "pocket") and rng.random() < 0.5):
        rng.choice(list(scenes.LATTICES))
    period_px = float(np.exp(rng.uniform(np.log(10), np.log(24))))
    chips = (side / period_px) ** 2
    return chips if LEAST_CHIPS <= chips <= MOST_CHIPS else None


def agreement(arguments):
    print("| scene | chips | exact with truth | sample with truth | sample with exact | seconds exact, sample |\n|---|---|---|---|---|---|")
    rows = []
    for path, truth in draw(arguments):
        exact, run_exact = segmented(arguments, path, arguments.work / "exact", "exact")
        sample, run_sample = segmented(arguments, path, arguments.work / "sample", "sample")
        report = json.loads((arguments.work / "sample" / path.stem / "report.json").read_text())
        if report["graph"]["kind"] != "sample":
            continue
        ari = [metrics.adjusted_rand_score(a.ravel()[::7], b.ravel()[::7]) for a, b in ((exact, truth), (sample, truth), (sample, exact))]
        if len(np.unique(truth)) == 1:  # the share of the largest region
            ari[0], ari[1] = (np.bincount(m.ravel()).max() / m.size for m in (exact, sample))
        rows.append(ari)
        print(f"| {path.stem} | {report['grid']['chips']} | {ari[0]:.3f} | {ari[1]:.3f} | {ari[2]:.3f} "
              f"| {run_exact['seconds']['total']:.1f}, {run_sample['seconds']['total']:.1f} |", flush=True)
    rows = np.array(rows)
    print(f"| mean of {len(rows)} | | {rows[:, 0].mean():.4f} | {rows[:, 1].mean():.4f} | {rows[:, 2].mean():.4f}, least {rows[:, 2].min():.3f} | |")


def tiles(side, period_px):
    sample = tifffile.imread(ROOT / "data" / "lfo_sto_0p1dpa.tif")
    sample = ndimage.zoom(sample, period_px / 11.5, order=1)
    four = np.block([[sample, sample[:, ::-1]], [sample[::-1], sample[::-1, ::-1]]])
    count = -(-side // four.shape[0])
    return np.ascontiguousarray(np.tile(four, (count, count))[:side, :side])


def growth(arguments):
    arguments.work.mkdir(parents=True, exist_ok=True)
    runs = []
    for side in (int(side) for side in arguments.sizes.split(",")):
        path, out = arguments.work / f"tiles_{side}.tif", arguments.work / f"growth_{side}"
        tifffile.imwrite(path, tiles(side, arguments.period))
        command = [arguments.program, "segment", path, "--output", out, "--overwrite", *arguments.option]
        plan, = json.loads(subprocess.run([*command, "--dry-run", "--json"], check=True, capture_output=True, text=True).stdout)
        subprocess.run([*command, "--quiet"], check=True)
        image, = json.loads((out / "run.json").read_text())["images"]
        page = out / path.stem / "report.html"
        runs.append((plan["chips"], plan["graph"], image["seconds"]))
        stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in image["seconds"].items() if seconds >= 0.1 and stage != "total")
        print(f"| {side}² | {plan['chips']} | {plan['graph']} | {image['seconds']['total']:.1f} (forecast {plan['predicted_seconds'] / image['seconds']['total']:.2f} of it) "
              f"| {image['peak_memory_bytes'] / 2**30:.2f} GiB (forecast {plan['predicted_memory_bytes'] / image['peak_memory_bytes']:.2f}) "
              f"| {stages} | {page.stat().st_size / 1e6 if page.exists() else 0:.1f} MB |", flush=True)
        path.unlink()
    large = [(chips, seconds) for chips, graph, seconds in runs if graph == "sample"]
    if len(large) > 1:
        logs = np.log([chips for chips, _ in large])
        for stage in large[-1][1]:
            spent = np.array([seconds[stage] for _, seconds in large])
            if spent[-1] >= 1 and spent.min() > 0:
                print(f"{stage}: grows with chips to the power of {np.polyfit(logs, np.log(spent), 1)[0]:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["agreement", "growth"])
    parser.add_argument("--program", default=ROOT / "build/release/metamict")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("/tmp/large"))
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--each", type=int, default=4, help="scenes of each of five kinds")
    parser.add_argument("--side", type=int, default=2048)
    parser.add_argument("--sizes", default="512,1024,2048,4096")
    parser.add_argument("--period", type=float, default=16, help="of the lattice, in px")
    parser.add_argument("--option", nargs=argparse.REMAINDER, default=[], help="more options for `metamict segment`, last on the line")
    arguments = parser.parse_args()
    {"agreement": agreement, "growth": growth}[arguments.what](arguments)


if __name__ == "__main__":
    main()
