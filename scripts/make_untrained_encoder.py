#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes an encoder that nobody trained: seeded weights, batch norm calibrated on simulated scenes.

    make_untrained_encoder.py FOLDER          metamict-untrained-resnet50.pt, .json: a peer, and a stand-in
    make_untrained_encoder.py --tiny FOLDER   metamict-tiny.pt and .json: 12 features of 16 px chips, for tests
"""

import argparse

import numpy
import torch

import resnet50
import stem_sim

TINY_PX = 16
TINY_FEATURES = 12


def calibration_chips(seed, scenes=24, chips=16):
    """Chips of simulated scenes, standardised per scene: [scenes * chips, 3, 64, 64]."""
    rng = numpy.random.default_rng(seed)
    found = []
    for _ in range(scenes):
        image = stem_sim.standardise(stem_sim.training_scene(rng, size_px=192).image)
        for y, x in rng.integers(0, 192 - resnet50.CHIP_PX + 1, (chips, 2)):
            found.append(image[y : y + resnet50.CHIP_PX, x : x + resnet50.CHIP_PX])
    shuffled = numpy.stack(found)[rng.permutation(len(found))].astype(numpy.float32)
    return torch.from_numpy(shuffled)[:, None].expand(-1, 3, -1, -1)


def calibrate(model, chips, batch=64):
    """Sets the batch-norm statistics to those of the chips (a plain average over batches)."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
    model.train()
    with torch.no_grad():
        for part in chips.split(batch):
            model(part.contiguous())
    return model.eval()


def untrained_resnet50(seed):
    torch.manual_seed(seed)
    return calibrate(resnet50.plain_resnet50(), calibration_chips(seed))


def tiny_network(seed):
    """[N, 3, 16, 16] -> [N, 12], never all zero."""
    torch.manual_seed(seed)
    first = torch.nn.Conv2d(3, TINY_FEATURES, 5, stride=2, padding=2)
    torch.nn.init.normal_(first.weight, std=0.15)
    torch.nn.init.constant_(first.bias, 0.2)
    return torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tiny", action="store_true", help="a tiny network for tests in place of the ResNet50")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.tiny:
        provenance = f"Seeded random convolution (seed {arguments.seed}) for tests; it has learned nothing."
        card = resnet50.sidecar("metamict-tiny", "untrained", provenance, TINY_PX, TINY_FEATURES)
        model = tiny_network(arguments.seed)
    else:
        provenance = (
            f"ResNet50 with seeded random weights (seed {arguments.seed}), batch-norm statistics calibrated on "
            "384 chips of simulated STEM-HAADF scenes; it has learned nothing."
        )
        card = resnet50.sidecar("metamict-untrained-resnet50", "untrained", provenance)
        model = untrained_resnet50(arguments.seed)
    print(resnet50.export_encoder(model, arguments.folder, card))


if __name__ == "__main__":
    main()
