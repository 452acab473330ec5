#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the maps are worth: the whole program and four peers over the same images, each against its truth.

    bench/quality/quality.py --program build/release/metamict [--work DIR] [--share 0.25]

Images: simulated scenes (scenes.py, not the training's simulator), the sample series of data/, and real images with
labels where METAMICT_REAL_DATA or ../shared/real holds them. Prints one table of means per kind, writes every figure to
WORK/quality.csv. Peers use the program's own chips: raw pixels, an untrained ResNet50, local power spectra (each told the
true number of regions k, for PCA + k-means; and not told it, the k of the best silhouette), and intensity
(Felzenszwalb's, scikit-image).
"""
import argparse
import collections
import csv
import json
import os
import pathlib
import subprocess
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "2")
import numpy as np
from PIL import Image
from scipy import ndimage, optimize
from skimage import segmentation
from sklearn import cluster, decomposition, metrics
import tifffile

import scenes

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ("mean", "median", "mode", "nested")
GROUPED = ("kmeans", "spectral", "agglomerative", "deepcut")  # rules that can be told the number of regions
Item = collections.namedtuple("Item", "name kind path truth amorphous")


# --- images -----------------------------------------------------------------------------------------------------------

def simulated(folder, seed, share, kinds=tuple(scenes.KINDS)):
    for name, scene in scenes.all_scenes(seed, share, kinds=kinds):
        path = folder / f"{name}.tif"
        tifffile.imwrite(path, scene.image)
        yield Item(name, scene.name, path, scene.truth, scene.amorphous)


def sample_series():
    for path in sorted((ROOT / "data").glob("lfo_sto_*dpa.tif")):
        truth = np.array(Image.open(path.with_name(path.stem + "_truth.png")))
        yield Item(path.stem, "sample series", path, truth, [4] if (truth == 4).any() else [])


def real_images():
    folder = pathlib.Path(os.environ.get("METAMICT_REAL_DATA", ROOT.parent / "shared/real")) / "segment"
    path = folder / "pychip_STO-Ge-HAADF.jpg"
    if not path.exists():
        print("real images: skipped, no folder", folder)
        return
    labels = np.loadtxt(folder / "pychip_STO-Ge_labels_32x32.txt").astype(int)
    with Image.open(path) as image:
        cols, rows = image.size
    grid = np.ix_(np.minimum(np.arange(rows) * 32 // rows, 31), np.minimum(np.arange(cols) * 32 // cols, 31))
    yield Item("STO-Ge", "real STO-Ge", path, labels[grid] + 1 - labels.min(), [])
    one = folder / "ncem_16_STOimage_1.ser"
    if one.exists():
        yield Item("STO", "real one lattice", one, None, [])


# --- figures ----------------------------------------------------------------------------------------------------------

def figures(labels, truth, amorphous):
    """ARI, mean IoU after the best matching, IoU of the amorphous regions, number of regions, share of the largest."""
    if truth is None:
        truth = np.ones(labels.shape, int)
    found, places = np.unique(labels, return_inverse=True)
    regions, wanted = np.unique(truth, return_inverse=True)
    table = np.zeros((len(regions), len(found)))
    np.add.at(table, (wanted.ravel(), places.ravel()), 1)
    union = table.sum(1)[:, None] + table.sum(0)[None] - table
    iou = table / union
    rows, cols = optimize.linear_sum_assignment(-iou)
    mean_iou = iou[rows, cols].sum() / len(regions)
    hit = [iou[list(regions).index(a)].max() for a in amorphous if a in regions]
    areas = table.sum(0) / labels.size
    return {"ari": metrics.adjusted_rand_score(truth.ravel(), labels.ravel()) if len(regions) > 1 else float("nan"), "iou": mean_iou,
            "amorphous_iou": float(np.mean(hit)) if hit else float("nan"), "regions": len(found), "largest": areas.max()}


# --- the program ------------------------------------------------------------------------------------------------------

def segment(program, items, out, *options):
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / "manifest.txt"
    manifest.write_text("".join(f"{item.path}\n" for item in items))
    rules = [] if "--cut" in options else ["--write", "embeddings", "--cut", ",".join(RULES), "--primary", "nested"]
    done = subprocess.run([program, "segment", "--manifest", manifest, "--output", out / "maps", "--resume", "--quiet", "--graphml", "none",
                           *rules, *options])
    if done.returncode not in (0, 1):
        raise SystemExit(f"{program} ended with {done.returncode}")


def results(out, item, rules=RULES):
    """Label maps by rule, and the report; None where the image failed."""
    folder = out / "maps" / item.path.stem
    if not (folder / "report.json").exists():
        return None, None
    report = json.loads((folder / "report.json").read_text())
    return {rule: tifffile.imread(folder / rule / "labels.tif") for rule in rules}, report


def other_rules(arguments, items, work):
    """The program's own rules for comparison, on its own chips: told the number of regions, and finding it."""
    by_count = collections.defaultdict(list)
    for item in items:
        by_count[1 if item.truth is None else len(np.unique(item.truth))].append(item)
    found = (*(f"{rule}:auto" for rule in GROUPED), "felzenszwalb")
    for count, some in sorted(by_count.items()):
        told = tuple(f"{rule}:{count}" for rule in GROUPED) if count > 1 else ()
        out = work / f"rules_{count}"
        segment(arguments.program, some, out, *arguments.option, "--cut", ",".join(found + told), "--primary", found[0])
        for item in some:
            maps, _ = results(out, item, found + told)
            for rule, labels in (maps or {}).items():
                yield item, rule.split(":")[0] + (", k told" if rule in told else ", k found" if ":" in rule else ""), figures(labels, item.truth, item.amorphous)


def shown_points(item, rng, of_each=3):
    """label, x, y of points well inside each region of the truth, as a user would click."""
    for label in np.unique(item.truth):
        inside = ndimage.distance_transform_edt(np.pad(item.truth == label, 1))[1:-1, 1:-1]
        y, x = np.nonzero(inside >= min(24, 0.8 * inside.max()))
        for k in rng.choice(len(y), min(of_each, len(y)), replace=False):
            yield int(label), int(x[k]), int(y[k])


def by_prototypes(arguments, items, work):
    """The rule `prototypes`, shown three points a class of each image."""
    rng = np.random.default_rng(arguments.seed)
    folder = work / "prototypes"
    folder.mkdir(exist_ok=True)
    some = [item for item in items if item.truth is not None and len(np.unique(item.truth)) > 1]
    with open(folder / "points.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["label", "x_px", "y_px", "image"])
        for item in some:
            out.writerows([f"class {label}", x, y, item.path.stem] for label, x, y in shown_points(item, rng))
    for item in some:  # points of other images are no support here
        own = folder / f"{item.path.stem}.csv"
        lines = (folder / "points.csv").read_text().splitlines()
        own.write_text("\n".join([lines[0], *(line for line in lines if line.endswith("," + item.path.stem))]) + "\n")
        segment(arguments.program, [item], folder / item.path.stem, *arguments.option, "--cut", "prototypes", "--prototypes", str(own), "--looks", "0")
        maps, _ = results(folder / item.path.stem, item, ("prototypes",))
        for _, labels in (maps or {}).items():
            yield item, "prototypes, three points a class", figures(labels, item.truth, item.amorphous)


# --- peers ------------------------------------------------------------------------------------------------------------

def read_grey(path):
    image = np.array(Image.open(path)) if path.suffix != ".tif" else tifffile.imread(path)
    return (image.mean(2) if image.ndim == 3 else image).astype(np.float32)


def chips_of(image, grid):
    """The program's chips at 32 px each, standardised over the micrograph: [N, 32, 32]."""
    low, high = np.percentile(image, (0.1, 99.9))
    clipped = image.clip(low, high)
    scale = 32 / grid["size_px"]
    small = ndimage.zoom(ndimage.gaussian_filter((clipped - clipped.mean()) / clipped.std(), 0.4 / scale if scale < 1 else 0), scale, order=1)
    step = grid["stride_px"] * scale
    ys = [min(round(i * step), small.shape[0] - 32) for i in range(grid["rows"])]
    xs = [min(round(i * step), small.shape[1] - 32) for i in range(grid["cols"])]
    return np.stack([small[y:y + 32, x:x + 32] for y in ys for x in xs])


def power_spectra(chips):
    """Logarithm of each chip's windowed power spectrum, half of it (Wang et al. 2021)."""
    window = np.hanning(32)[:, None] * np.hanning(32)[None]
    spectra = np.log1p(np.abs(np.fft.rfft2((chips - chips.mean((1, 2), keepdims=True)) * window)))
    return np.concatenate([spectra.reshape(len(chips), -1), 2.0 * chips.mean((1, 2))[:, None]], 1)


def k_means(rows, k):
    """PCA to 20 components, then k-means; with no k given, the k from 2 to 6 of the best silhouette."""
    parts = decomposition.PCA(min(20, *rows.shape), random_state=1).fit_transform(rows)
    if k is not None:
        return cluster.KMeans(k, n_init=4, random_state=1).fit_predict(parts)
    best = [cluster.KMeans(n, n_init=2, random_state=1).fit_predict(parts) for n in range(2, 7)]
    some = np.random.default_rng(1).choice(len(parts), min(600, len(parts)), replace=False)
    return max(best, key=lambda labels: metrics.silhouette_score(parts[some], labels[some]) if len(set(labels[some])) > 1 else -1)


def paint(labels, grid, shape):
    """Chips' labels over the picture: one-hot maps interpolated between the chips' centres, the largest wins."""
    labels = labels.reshape(grid["rows"], grid["cols"])
    y = ((np.arange(shape[0]) + 0.5 - grid["size_px"] / 2) / grid["stride_px"]).clip(0, grid["rows"] - 1)
    x = ((np.arange(shape[1]) + 0.5 - grid["size_px"] / 2) / grid["stride_px"]).clip(0, grid["cols"] - 1)
    votes = [ndimage.map_coordinates((labels == k).astype(np.float32), np.meshgrid(y, x, indexing="ij"), order=1) for k in range(labels.max() + 1)]
    return np.argmax(votes, 0)


def peers(item, image, grid, untrained_embeddings):
    chips = chips_of(image, grid)
    ways = {"raw pixels": chips.reshape(len(chips), -1), "power spectrum": power_spectra(chips)}
    if untrained_embeddings is not None:
        ways["untrained ResNet50"] = untrained_embeddings
    k = 1 if item.truth is None else len(np.unique(item.truth))
    for name, rows in ways.items():
        for told, number in (("k told", k), ("k found", None)):
            if k > 1 or number is None:  # told that there is one region, there is nothing to find
                yield f"{name}, {told}", paint(k_means(rows, number), grid, image.shape)
    smooth = ndimage.gaussian_filter(image, grid["size_px"] / 8)
    smooth = (smooth - smooth.min()) / max(np.ptp(smooth), 1e-9)
    yield "intensity (Felzenszwalb)", segmentation.felzenszwalb(smooth, scale=400, sigma=0, min_size=int(4 * grid["size_px"] ** 2))


# --- the bench --------------------------------------------------------------------------------------------------------

def measure(arguments, items, work):
    segment(arguments.program, items, work / "trained", *arguments.option)
    untrained = ROOT / "models/untrained/metamict-untrained-resnet50.pt"
    if arguments.peers and untrained.exists():
        segment(arguments.program, items, work / "untrained", "--encoder", untrained)
    for item in items:
        maps, report = results(work / "trained", item)
        if maps is None:
            print(f"{item.name}: no result")
            yield item, "nested", dict.fromkeys(("ari", "iou", "amorphous_iou"), 0.0) | {"regions": 0, "largest": 0.0}
            continue
        for rule in RULES:
            yield item, rule, figures(maps[rule], item.truth, item.amorphous)
        if not arguments.peers or item.path.suffix == ".ser":
            continue
        embeddings = work / "untrained/maps" / item.path.stem / "embeddings.npy"
        rows = np.load(embeddings) if embeddings.exists() else None
        for name, labels in peers(item, read_grey(item.path), report["grid"], rows):
            yield item, name, figures(labels, item.truth, item.amorphous)
        if rows is not None:
            maps, _ = results(work / "untrained", item)
            for rule in RULES:
                yield item, f"untrained ResNet50, {rule}", figures(maps[rule], item.truth, item.amorphous)


def table(rows):
    """Mean ARI per way and kind (for one-lattice images: share of the largest region), and the amorphous IoU over all."""
    kinds = list(dict.fromkeys(item.kind for item, _, _ in rows))
    ways = list(dict.fromkeys(way for _, way, _ in rows))
    lines = ["| way | " + " | ".join(kinds) + " | mean ARI | mean IoU | amorphous IoU |", "|---" * (len(kinds) + 4) + "|"]
    for way in ways:
        mine = [(item, f) for item, w, f in rows if w == way]
        cells = []
        for kind in kinds:
            some = [f for item, f in mine if item.kind == kind]
            key = "largest" if kind == "single" or kind == "real one lattice" else "ari"
            cells.append(f"{np.mean([f[key] for f in some]):.3f}" if some else "–")
        with_truth = [f for item, f in mine if not item.kind.startswith("real") and not np.isnan(f["ari"])]
        means = [np.nanmean([f[key] for f in with_truth]) for key in ("ari", "iou", "amorphous_iou")]
        lines.append(f"| {way} | " + " | ".join(cells) + " | " + " | ".join(f"{m:.3f}" for m in means) + " |")
    one = [f for item, way, f in rows if way == "nested" and item.kind == "single"]
    if one:
        lines.append(f"\nOne-lattice images with one region above 90 % of the area (nested): {sum(f['largest'] > 0.9 for f in one)} of {len(one)}.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "build/release/metamict"))
    parser.add_argument("--work", type=pathlib.Path, help="folder for images and maps; kept, and used again")
    parser.add_argument("--share", type=float, default=1.0, help="of the simulated scenes")
    parser.add_argument("--seed", type=int, default=71, help="of the simulated scenes")
    parser.add_argument("--kinds", default=",".join(scenes.KINDS), help="of the simulated scenes; also: " + ", ".join(scenes.MORE_KINDS))
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--rules", action="store_true", help="also the program's rules for comparison")
    parser.add_argument("--prototypes", action="store_true", help="also the rule prototypes, shown three points a class")
    parser.add_argument("--option", nargs=argparse.REMAINDER, default=[], help="more options for `metamict segment`, last on the line")
    arguments = parser.parse_args()
    work = arguments.work or pathlib.Path(tempfile.mkdtemp(prefix="metamict-quality-"))
    (work / "images").mkdir(parents=True, exist_ok=True)
    items = list(simulated(work / "images", arguments.seed, arguments.share, arguments.kinds.split(","))) + list(sample_series()) + list(real_images())
    rows = list(measure(arguments, items, work))
    if arguments.rules:
        rows += other_rules(arguments, items, work)
    if arguments.prototypes:
        rows += by_prototypes(arguments, items, work)
    with open(work / "quality.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["image", "kind", "way", "ari", "mean_iou", "amorphous_iou", "regions", "largest"])
        for item, way, f in rows:
            out.writerow([item.name, item.kind, way, *(round(float(f[k]), 4) for k in ("ari", "iou", "amorphous_iou", "regions", "largest"))])
    print(f"{len(items)} images, every figure in {work / 'quality.csv'}\n")
    print(table(rows))


if __name__ == "__main__":
    main()
