# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what an encoder's scores are worth on held-out scenes: the paper's maps first, then separation and grading.

Half of the scenes come from the training's simulator (other seeds), half from the quality bench's, which works another way
(bench/quality/scenes.py, a seed that the bench does not use).
"""

import math
import pathlib
import random
import sys

import igraph
import numpy
import scipy.ndimage
import scipy.stats
import sklearn.metrics
import torch
import torch.nn.functional as F

import resnet50
import stem_sim

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench/quality"))
import scenes as bench_scenes

CHIP_PX = 64
STRIDE_PX = 16
KINDS = ("stack", "pocket", "wedge", "pocket", "grains", "stack", "gradient")
CUTS = ("mean", "median", "mode")


def make_scenes(seed, count, size_px=320):
    """Held-out scenes: standardised image [H, W], region weights [R, H, W], similarity of the regions (None where not known), disorder."""
    for k in range(count):
        if k % 2 == 0:
            scene = stem_sim.training_scene(numpy.random.default_rng([seed, k]), size_px=size_px)
            image, weights, similarity, disorder = scene.image, scene.weights, torch.from_numpy(scene.similarity), scene.disorder
        else:
            scene = bench_scenes.scene(KINDS[k // 2 % len(KINDS)], [seed, k])
            zoom = 16 / scene.period_px
            image = scipy.ndimage.zoom(scene.image.astype(numpy.float32), zoom, order=1)[: size_px + 64, : size_px + 64]
            places = [numpy.minimum(((numpy.arange(n) + 0.5) / zoom).astype(int), len(scene.truth) - 1) for n in image.shape]
            truth = scene.truth[numpy.ix_(*places)]
            weights = numpy.stack([truth == label for label in range(1, int(truth.max()) + 1)])
            similarity, disorder = None, numpy.array([float(label in scene.amorphous) for label in range(1, len(weights) + 1)])
        yield (
            torch.from_numpy(numpy.ascontiguousarray(stem_sim.standardise(image), dtype=numpy.float32)),
            torch.from_numpy(numpy.ascontiguousarray(weights, dtype=numpy.float32)),
            similarity,
            numpy.asarray(disorder, dtype=numpy.float32),
        )


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


def communities(count, i, j, scores, cut):
    """Louvain's communities of the graph that a cut leaves, edges weighted by score."""
    kept = scores >= cut
    graph = igraph.Graph(n=count, edges=numpy.stack([i[kept], j[kept]], 1))
    igraph.set_random_number_generator(random.Random(1))
    return numpy.array(graph.community_multilevel(weights=numpy.maximum(scores[kept], 1e-6).tolist()).membership)


def measure(rows, fractions, similarity, disorder, maps=True):
    """Figures for one scene: the histogram, separation and grading of chips, and the maps of the three cuts against the truth."""
    cosines = (rows @ rows.t()).numpy().astype(numpy.float64)
    i, j = numpy.triu_indices(len(cosines), 1)
    pairs = cosines[i, j]
    angles = numpy.arccos(numpy.clip(pairs, -1, 1))
    scores = (angles.max() - angles) / max(angles.max() - angles.min(), 1e-9)
    report = dict(zip(CUTS, score_histogram(scores)))
    label, pure = fractions.argmax(1).numpy(), (fractions.max(1).values > 0.95).numpy()
    if similarity is not None:
        products = (fractions @ similarity @ fractions.t()).numpy()
        norms = numpy.sqrt(numpy.maximum(products.diagonal(), 1e-6))
        wanted = (products / norms[:, None] / norms[None])[i, j]
        if len(numpy.unique(label)) > 1:
            report["spearman"] = float(scipy.stats.spearmanr(pairs, wanted)[0])
    same, both = label[i] == label[j], pure[i] & pure[j]
    if (same & both).any():
        report["within"], report["spread"] = float(scores[same & both].mean()), float(scores[same & both].std())
        side = math.isqrt(len(rows)) if math.isqrt(len(rows)) ** 2 == len(rows) else None
        if side:
            far = numpy.hypot(i // side - j // side, i % side - j % side) > 8
            for name, those in (("near", ~far), ("far", far)):  # the share of one region's pairs that the mode's cut keeps
                if (same & both & those).any():
                    report[f"kept_{name}"] = float((scores >= report["mode"])[same & both & those].mean())
    if len(numpy.unique(label)) < 2:
        return report
    if len(numpy.unique(same[both])) == 2:
        report["between"] = float(scores[~same & both].mean())
        report["auc"] = sklearn.metrics.roc_auc_score(same[both], pairs[both])
    report["order"] = float(report["mode"] > report["median"] > report["mean"])
    amorphous = disorder[label] > 0.8
    for cut in CUTS if maps else ():
        found = communities(len(rows), i, j, scores, report[cut])
        report[f"ari_{cut}"] = sklearn.metrics.adjusted_rand_score(label, found)
        if 0.02 < amorphous.mean() < 0.9:
            report[f"amorphous_{cut}"] = max((amorphous & (found == k)).sum() / (amorphous | (found == k)).sum() for k in range(found.max() + 1))
    return report


def validate(model, scenes, bfloat16):
    """Means over the scenes of the shared pass's figures; `agree`: cosine of the two ways on every fourth; `quality` ranks checkpoints by maps."""
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    gathered = {}
    for number, (image, weights, similarity, disorder) in enumerate(scenes):
        fractions, shared = chip_fractions(weights), embed_shared(model, image, dtype)
        if number % 4 == 0:
            gathered.setdefault("agree", []).append(float((embed_chips(model, image, dtype) * shared).sum(1).mean()))
        for key, value in measure(shared, fractions, similarity, disorder).items():
            gathered.setdefault(key, []).append(value)
    report = {key: float(numpy.mean(values)) for key, values in gathered.items()}
    report["quality"] = sum(report.get(f"ari_{cut}", 0.0) for cut in CUTS) / len(CUTS)
    return report


def summary(report):
    return " ".join(f"{key} {value:.3f}" for key, value in sorted(report.items()) if not math.isnan(value))
