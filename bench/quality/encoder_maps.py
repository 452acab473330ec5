#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an encoder is worth by its maps, without the program: a checkpoint or module, its histograms and the paper's three maps.

    bench/quality/encoder_maps.py models/metamict-resnet50.pt [CHECKPOINT.pt ...] [--definition plain angle] [--brief]

Images: scenes of scenes.py (a seed that the bench does not use), the sample series, and real images with a truth where
METAMICT_REAL_DATA or ../shared/real holds them. Embeddings from the shared pass at a stride of a quarter chip (half a chip where that
would be more than 2,600 chips); labels at the chips' centres. For choosing among checkpoints of a training run; the figures of docs/quality.md
come from quality.py and the program.

Per image: range of cosines; mean, median and mode of the rescaled scores (! where they do not rise in that order); quantiles of the
scores within regions (5, 25, 50, 75, 95 %) and between them (5, 50, 95 %), over chips that show one region; the share of pairs that the mode's
cut keeps within regions at under 1, 1 to 2, 2 to 4 and over 4 chips of distance, and between regions; ARI and number of communities per cut.
"""
import argparse
import os
import pathlib
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np
from PIL import Image
from scipy import ndimage
from sklearn import metrics
import tifffile
import torch
import torch.nn.functional as F

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import encoder_validation
import resnet50
import stem_sim

import scenes

CHIP_PX, STRIDE_PX, MOST_CHIPS = 64, 16, 2600
CUTS = encoder_validation.CUTS
MEASURED_CHIP_PX = {  # by the program, which measures the lattice
    "lfo_sto_0dpa": 46.1, "lfo_sto_0p1dpa": 46.1, "lfo_sto_0p5dpa": 46.0, "pychip_STO-Ge-HAADF": 199.3, "atomsegnet_gold_grain_boundary": 75.3,
    "ingrained_Ni_M3B2_HAADF91": 127.9, "mtf_WS2Te2-2_0040_1_Cut": 57.6, "mtf_MoSe2_80K_small_region": 144.7, "so_BSSN_DPC_scan70_id2154": 152.7,
}


# --- images -----------------------------------------------------------------------------------------------------------

def canonical(image, truth, chip_px):
    """The micrograph standardised and resampled so that a chip has CHIP_PX, and its truth."""
    scale = CHIP_PX / chip_px
    standard = stem_sim.standardise(image)
    if scale < 1:
        standard = ndimage.gaussian_filter(standard, 0.4 / scale)
    small = ndimage.zoom(standard, scale, order=1 if scale < 1 else 3, grid_mode=True, mode="nearest").astype(np.float32)
    places = [np.minimum(((np.arange(n) + 0.5) / scale).astype(int), m - 1) for n, m in zip(small.shape, truth.shape)]
    return small, truth[np.ix_(*places)]


def images(seed, share):
    """(name, kind, image, truth, amorphous labels); 255 in a truth does not count."""
    for name, scene in scenes.all_scenes(seed, share):
        yield (name, "single" if scene.name == "single" else "grains" if scene.name == "grains" else "bench",
               *canonical(scene.image, scene.truth, 4 * scene.period_px), scene.amorphous)
    real = pathlib.Path(os.environ.get("METAMICT_REAL_DATA", ROOT.parent / "shared/real"))
    for kind, path in [*(("series", p) for p in sorted((ROOT / "data").glob("*dpa.tif"))), *(("real", p) for p in sorted(real.glob("regions/*.*"))),
                       ("real", real / "segment/pychip_STO-Ge-HAADF.jpg")]:
        if not path.exists() or path.stem not in MEASURED_CHIP_PX:
            continue
        image = np.array(Image.open(path)) if path.suffix != ".tif" else tifffile.imread(path)
        image = (image[..., :3].mean(2) if image.ndim == 3 else image).astype(np.float32)
        truth = np.zeros(image.shape, np.uint8)
        for drawn in (path.with_name(path.stem + "_truth.png"), path.parent / "truth" / (path.stem + "_truth.png")):
            if drawn.exists():
                truth = np.array(Image.open(drawn)).astype(np.uint8)
        if "STO-Ge" in path.stem:
            labels = np.loadtxt(path.parent / "pychip_STO-Ge_labels_32x32.txt").astype(np.uint8)
            truth = labels[np.ix_(*[np.minimum(np.arange(n) * 32 // n, 31) for n in image.shape])]
        yield (path.stem, kind, *canonical(image, truth, MEASURED_CHIP_PX[path.stem]), [4] if kind == "series" else [])


# --- embeddings and scores --------------------------------------------------------------------------------------------

def open_encoder(path):
    """The network of a module, or of a checkpoint's averaged weights."""
    try:
        weights = torch.jit.load(str(path)).float().state_dict()
    except RuntimeError:
        weights = torch.load(path, map_location="cpu")["average"]
    nuisance = weights.pop("fc.nuisance", None)
    model = resnet50.training_resnet50()
    model.load_state_dict(weights)
    if nuisance is not None:
        model.fc = resnet50.NuisanceProjection(nuisance)
    return model.eval()


@torch.no_grad()
def embed(model, image, dtype):
    """Embeddings [N, 2048] from the shared pass, the grid's rows and columns, and its stride."""
    picture = torch.from_numpy(image)
    if (image.shape[0] // STRIDE_PX) * (image.shape[1] // STRIDE_PX) <= MOST_CHIPS:
        grid = [(n - CHIP_PX) // STRIDE_PX + 1 for n in image.shape]
        return F.normalize(model.fc(encoder_validation.embed_shared(model, picture, dtype)), dim=1).numpy(), *grid, STRIDE_PX
    h, w = [n // 32 * 32 for n in image.shape]
    pooled = F.avg_pool2d(resnet50.feature_map(model, picture[None, None, :h, :w].expand(-1, 3, -1, -1), dtype).float(), 2, 1)[0].permute(1, 2, 0)
    return F.normalize(model.fc(pooled.flatten(0, 1)), dim=1).numpy(), *pooled.shape[:2], 32


def pair_scores(unit, definition):
    """i, j, score of every pair, rescaled to the least and the most alike; and the range of the cosines."""
    i, j = np.triu_indices(len(unit), 1)
    cosines = (unit @ unit.T)[i, j]
    alike = -np.arccos(np.clip(cosines, -1, 1)) if definition == "angle" else cosines
    scores = (alike - alike.min()) / max(float(np.ptp(alike)), 1e-9)
    return i, j, scores.astype(np.float32), (cosines.min(), cosines.max())


# --- figures ----------------------------------------------------------------------------------------------------------

def examine(unit, rows, cols, stride, truth, amorphous, definition):
    i, j, scores, cosines = pair_scores(unit, definition)
    out = dict(zip(CUTS, encoder_validation.score_histogram(scores)), cosines=cosines)
    y, x = np.divmod(np.arange(rows * cols), cols)
    label = truth[np.minimum(y * stride + CHIP_PX // 2, len(truth) - 1), np.minimum(x * stride + CHIP_PX // 2, truth.shape[1] - 1)]
    pure = np.array([np.mean(truth[r * stride:r * stride + CHIP_PX, c * stride:c * stride + CHIP_PX] == l) > 0.95 for r, c, l in zip(y, x, label)])
    counted, pure = label != 255, pure & (label != 255)
    both, same = pure[i] & pure[j], label[i] == label[j]
    distance, kept = np.hypot(y[i] - y[j], x[i] - x[j]) * stride / CHIP_PX, scores >= out["mode"]

    def share(chosen):
        return kept[chosen].mean() if chosen.any() else np.nan

    out["within"] = np.quantile(scores[both & same], (0.05, 0.25, 0.5, 0.75, 0.95))
    out["between"] = np.quantile(scores[both & ~same], (0.05, 0.5, 0.95)) if (both & ~same).any() else [np.nan] * 3
    out["kept"] = [share(both & same & (distance >= a) & (distance < b)) for a, b in ((0, 1), (1, 2), (2, 4), (4, 1e9))] + [share(both & ~same)]
    for cut in CUTS:
        found = encoder_validation.communities(len(unit), i, j, scores, out[cut])
        out["regions", cut] = int((np.bincount(found) >= 3).sum())
        out["ari", cut] = metrics.adjusted_rand_score(label[counted], found[counted]) if len(np.unique(label[counted])) > 1 else np.nan
        hits = [max(((label == a) & (found == k)).sum() / ((label == a) | (found == k)).sum() for k in range(found.max() + 1)) for a in amorphous if (label == a).any()]
        out["amorphous", cut] = np.mean(hits) if hits else np.nan
    return out


def line(name, f):
    def many(values):
        return "/".join(f"{v:.2f}" for v in values)

    rising = " " if f["mode"] > f["median"] > f["mean"] else "!"
    return (f"{name[:22]:22s} cos {many(f['cosines'])} cuts {many(f[c] for c in CUTS)}{rising} within {many(f['within'])} between {many(f['between'])} "
            f"kept {many(f['kept'])} ARI " + " ".join(f"{f['ari', c]:.2f}({f['regions', c]})" for c in CUTS) + " amorphous " + many(f["amorphous", c] for c in CUTS))


def means(figures):
    """One line: mean ARI (and amorphous IoU) of the three cuts per kind; share of images with mean < median < mode."""
    parts = []
    for kind in dict.fromkeys(kind for kind, _ in figures):
        mine = [f for k, f in figures if k == kind and not np.isnan(f["ari", "mean"])]
        if mine:
            parts.append(f"{kind} " + "/".join(f"{np.mean([f['ari', c] for f in mine]):.3f}" for c in CUTS))
            if not all(np.isnan(f["amorphous", "mean"]) for f in mine):
                parts[-1] += " amorphous " + "/".join(f"{np.nanmean([f['amorphous', c] for f in mine]):.2f}" for c in CUTS)
    several = [f for _, f in figures if not np.isnan(f["ari", "mean"])]
    return ", ".join(parts) + f", rising {np.mean([f['mode'] > f['median'] > f['mean'] for f in several]):.2f} of {len(several)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("encoders", nargs="+", type=pathlib.Path)
    parser.add_argument("--definition", nargs="+", choices=("plain", "angle"), default=["plain", "angle"])
    parser.add_argument("--seed", type=int, default=909)
    parser.add_argument("--share", type=float, default=0.25, help="of the simulated scenes")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of names")
    parser.add_argument("--float32", action="store_true", help="for processors without bfloat16")
    parser.add_argument("--brief", action="store_true", help="means only")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    chosen = [image for image in images(arguments.seed, arguments.share) if any(part in image[0] for part in arguments.only)]
    for path in arguments.encoders:
        model, figures = open_encoder(path), {definition: [] for definition in arguments.definition}
        for name, kind, image, truth, amorphous in chosen:
            unit, *grid = embed(model, image, torch.float32 if arguments.float32 else torch.bfloat16)
            for definition in arguments.definition:
                found = examine(unit, *grid, truth, amorphous, definition)
                figures[definition].append((kind, found))
                if not arguments.brief:
                    print(f"{definition} {line(name, found)}", flush=True)
        for definition in arguments.definition:
            print(f"== {path.name} {definition}: {means(figures[definition])}", flush=True)


if __name__ == "__main__":
    main()
