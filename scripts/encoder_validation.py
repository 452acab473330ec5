# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures how well an encoder's scores separate and grade the regions of held-out simulated scenes."""

import math

import numpy
import scipy.stats
import sklearn.cluster
import sklearn.metrics
import torch
import torch.nn.functional as F

import resnet50
import stem_sim

CHIP_PX = 64
STRIDE_PX = 16


def make_scenes(seed, count, size_px=256):
    """Held-out scenes: standardised image, region weights, similarity and disorder of the regions."""
    scenes = []
    for k in range(count):
        scene = stem_sim.training_scene(numpy.random.default_rng([seed, k]), size_px=size_px)
        scenes.append(
            (
                torch.from_numpy(numpy.ascontiguousarray(stem_sim.standardise(scene.image), dtype=numpy.float32)),
                torch.from_numpy(numpy.ascontiguousarray(scene.weights, dtype=numpy.float32)),
                torch.from_numpy(numpy.ascontiguousarray(scene.similarity, dtype=numpy.float32)),
                numpy.asarray(scene.disorder, dtype=numpy.float32),
            )
        )
    return scenes


@torch.no_grad()
def embed_chips(model, image, dtype, stride_px=STRIDE_PX):
    """Unit embeddings of every chip of an image [H, W], each by itself: [rows * cols, 2048]."""
    device = next(model.parameters()).device
    chips = image.unfold(0, CHIP_PX, stride_px).unfold(1, CHIP_PX, stride_px).reshape(-1, CHIP_PX, CHIP_PX)
    rows = []
    for part in chips.split(64):
        part = part[:, None].expand(-1, 3, -1, -1).to(device)
        rows.append(resnet50.feature_map(model, part, dtype).float().mean((2, 3)).cpu())
    return F.normalize(torch.cat(rows), dim=1)


@torch.no_grad()
def embed_shared(model, image, dtype):
    """The same from four passes over the whole image, shifted by the stride, windows pooled."""
    device = next(model.parameters()).device
    rows, cols = [(n - CHIP_PX) // STRIDE_PX + 1 for n in image.shape]
    grid = torch.empty(rows, cols, resnet50.FEATURES)
    for dy in range(2):
        for dx in range(2):
            shifted = image[dy * STRIDE_PX :, dx * STRIDE_PX :]
            h, w = [n // 32 * 32 for n in shifted.shape]
            whole = shifted[None, None, :h, :w].expand(-1, 3, -1, -1).to(device)
            maps = resnet50.feature_map(model, whole, dtype).float()
            pooled = F.avg_pool2d(maps, 2, 1)[0].permute(1, 2, 0).cpu()
            target = grid[dy::2, dx::2]
            target.copy_(pooled[: target.shape[0], : target.shape[1]])
    return F.normalize(grid.reshape(-1, resnet50.FEATURES), dim=1)


def chip_fractions(weights):
    """Share of each region in each chip: [R, H, W] -> [chips, R]."""
    return F.avg_pool2d(weights[None], CHIP_PX, STRIDE_PX)[0].flatten(1).t()


def score_histogram(scores):
    """Mean, median and mode (left edge of the tallest of 100 bins) of min-max rescaled scores."""
    counts, _ = numpy.histogram(scores, 100, (0, 1))
    return float(scores.mean()), float(numpy.median(scores)), float(counts.argmax() / 100)


def measure(rows, fractions, similarity, disorder):
    """Figures for one scene: separation of pure chips, grading of all, clusters told the true number."""
    cosines = (rows @ rows.t()).numpy().astype(numpy.float64)
    products = (fractions @ similarity @ fractions.t()).numpy()
    norms = numpy.sqrt(numpy.maximum(products.diagonal(), 1e-6))
    targets = products / norms[:, None] / norms[None]
    i, j = numpy.triu_indices(len(cosines), 1)
    pairs, wanted = cosines[i, j], targets[i, j]
    span = max(pairs.max() - pairs.min(), 1e-9)
    report = dict(zip(("mean", "median", "mode"), score_histogram((pairs - pairs.min()) / span)))
    report["error"] = float(numpy.abs(pairs - wanted).mean())
    label, pure = fractions.argmax(1).numpy(), (fractions.max(1).values > 0.85).numpy()
    present = numpy.unique(label)
    if len(present) < 2 or len(numpy.unique(label[pure])) < 2:
        return report
    report["spearman"] = float(scipy.stats.spearmanr(pairs, wanted)[0])
    both = pure[i] & pure[j]
    report["auc"] = sklearn.metrics.roc_auc_score((label[i] == label[j])[both], pairs[both])
    distance = numpy.clip(1 - cosines, 0, 2)
    numpy.fill_diagonal(distance, 0)
    report["silhouette"] = float(
        sklearn.metrics.silhouette_score(distance[numpy.ix_(pure, pure)], label[pure], metric="precomputed")
    )
    means = sklearn.cluster.KMeans(len(present), n_init=4, random_state=1).fit_predict(rows.numpy())
    report["ari"] = sklearn.metrics.adjusted_rand_score(label, means)
    amorphous = disorder[label] > 0.8
    if 0.02 < amorphous.mean() < 0.9:
        report["amorphous_iou"] = max(
            (amorphous & (means == k)).sum() / (amorphous | (means == k)).sum() for k in range(len(present))
        )
    return report


def validate(model, scenes, bfloat16):
    """Means over the scenes, per chip (`chip_*`) and from the shared pass (`shared_*`); `quality` ranks checkpoints."""
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    gathered = {}
    for image, weights, similarity, disorder in scenes:
        fractions = chip_fractions(weights)
        chip, shared = embed_chips(model, image, dtype), embed_shared(model, image, dtype)
        gathered.setdefault("agree", []).append(float((chip * shared).sum(1).mean()))
        for name, rows in (("chip", chip), ("shared", shared)):
            for key, value in measure(rows, fractions, similarity, disorder).items():
                gathered.setdefault(f"{name}_{key}", []).append(value)
    report = {key: float(numpy.mean(values)) for key, values in gathered.items()}
    parts = [
        report.get(f"{name}_{key}", 0.0) for name in ("chip", "shared") for key in ("ari", "auc", "spearman", "silhouette")
    ]
    report["quality"] = sum(parts) / len(parts)
    return report


def summary(report):
    return " ".join(f"{key} {value:.3f}" for key, value in sorted(report.items()) if not math.isnan(value))
