#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what an encoder's features show of noise, drift and place within a region, and writes the module that takes it out.

    scripts/fit_nuisance.py models/metamict-resnet50.pt OUT --work DIR [--micrographs 1500]

Micrographs are those of train_encoder.py with another seed, three crops each: focus, thickness, contamination, noise and lattice origin
differ between crops, the materials do not. The scatter of unit features about the mean of their region, averaged over all regions, is
S = V diag(e) Vt. With S + tI in its place (t = `--shrinkage` of S's trace) features are whitened: V diag(sqrt((e_R + t) / (e + t))) Vt, the directions
beyond the first R kept as they are. As a module this is x - Ut U x (resnet50.NuisanceProjection), with the rows of U
v sqrt(1 - sqrt((e_R + t) / (e + t))). Speaker recognition calls it within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006)
and, with weights of 0 and 1, nuisance attribute projection (Solomonoff, Campbell and Boardman 2005).

Interrupt it and repeat the line to go on: DIR/scatter.pt holds the sums so far.
"""
import argparse
import os
import pathlib

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy
import torch
import torch.nn.functional as F

import resnet50
import train_encoder

VIEWS, CHIPS_PER_CROP = 3, 6
LEAST_SHARE, LEAST_WINDOWS = 0.97, 6  # of a region in a window that counts for it, and of such windows in a region that counts
SAVE_EVERY = 50


def open_module(path):
    """The network of a module, and its weights; both without a projection that it may have already."""
    weights = resnet50.weights_of(path)
    model = resnet50.training_resnet50()
    model.load_state_dict(weights)
    return model.eval(), weights


@torch.no_grad()
def windows_of(model, seed, k, kernel, dtype):
    """Unit features [N, 2048] of the shared windows and single chips of micrograph k, and the regions' shares in them [N, R]."""
    rng = numpy.random.default_rng([seed, k, 7])
    images, weights, _, _ = train_encoder.turn(train_encoder.make_scene([seed, k], VIEWS), rng)
    images, weights = torch.from_numpy(images), torch.from_numpy(weights)
    chips, chip_shares, _ = train_encoder.pick_chips(images, weights, CHIPS_PER_CROP, kernel, rng)
    maps = resnet50.feature_map(model, train_encoder.three_channels(images), dtype).float()
    windows = F.avg_pool2d(maps, 2, 1).flatten(2).transpose(1, 2).reshape(-1, resnet50.FEATURES)
    single = resnet50.feature_map(model, train_encoder.three_channels(chips), dtype).float().mean((2, 3))
    shares = torch.cat([train_encoder.window_fractions(weights, kernel), chip_shares])
    return F.normalize(torch.cat([windows, single]), dim=1), shares


def scatter_within(features, shares):
    """Sum over the regions of the scatter [2048, 2048] of a region's features about their mean, and how many regions count."""
    total, regions = torch.zeros(resnet50.FEATURES, resnet50.FEATURES), 0
    for share in shares.t():
        own = features[share > LEAST_SHARE]
        if len(own) >= LEAST_WINDOWS:
            about = own - own.mean(0)
            total += about.t() @ about / len(own)
            regions += 1
    return total, regions


def gather(model, arguments, dtype):
    """The mean scatter within a region; goes on from the sums in the work folder."""
    path = arguments.work / "scatter.pt"
    state = {"scatter": torch.zeros(resnet50.FEATURES, resnet50.FEATURES), "regions": 0, "micrographs": 0}
    if path.exists():
        state = torch.load(path)
    kernel = train_encoder.tent()
    while state["micrographs"] < arguments.micrographs:
        scatter, regions = scatter_within(*windows_of(model, arguments.seed, state["micrographs"], kernel, dtype))
        state["scatter"] += scatter
        state["regions"] += regions
        state["micrographs"] += 1
        if state["micrographs"] % SAVE_EVERY == 0 or state["micrographs"] == arguments.micrographs:
            torch.save(state, path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
            print(f"{state['micrographs']} micrographs, {state['regions']} regions, trace {state['scatter'].trace() / state['regions']:.4f}", flush=True)
    return state["scatter"] / state["regions"], state


def directions_of(scatter, count, shrinkage):
    """The rows of U [count, 2048]."""
    spread, axes = torch.linalg.eigh(scatter.double())
    spread, axes = spread.flip(0), axes.flip(1)
    floor = shrinkage * spread.sum()
    kept = ((spread[count] + floor) / (spread[:count] + floor)).sqrt()
    return (axes[:, :count] * (1 - kept).sqrt()).t().contiguous().float()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path, help="folder for the new module and its sidecar")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--micrographs", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--directions", type=int, default=128)
    parser.add_argument("--shrinkage", type=float, default=0.02, help="share of the scatter's trace that is added to every direction")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.work.mkdir(parents=True, exist_ok=True)
    model, weights = open_module(arguments.module)
    scatter, state = gather(model, arguments, torch.bfloat16 if train_encoder.bfloat16_is_faster() else torch.float32)

    whole = resnet50.plain_resnet50()
    whole.load_state_dict(weights)
    whole.fc = resnet50.NuisanceProjection(directions_of(scatter, arguments.directions, arguments.shrinkage))
    card = resnet50.read_card(arguments.module)
    card["provenance"] = resnet50.without_projection(card["provenance"]) + (
        f" Nuisance projection: {arguments.directions} directions from {state['regions']} regions of {state['micrographs']} more simulated "
        f"micrographs (scripts/fit_nuisance.py, seed {arguments.seed})."
    )
    print(resnet50.export_encoder(whole, arguments.out, card | {"embedding": "shared", "similarity": "angle"}))


if __name__ == "__main__":
    main()
