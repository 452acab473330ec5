#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain Python stack that bench_embed is measured against, one request a line: KIND PX THREADS BATCH CHIPS.

KIND: torchvision (the module as anyone would run it) or frozen (torch.jit.freeze and optimize_for_inference).
Each answer is two numbers, wall seconds and processor seconds. numpy and torch sit on whatever libblas is installed; the
first line says which.
"""

import functools
import pathlib
import sys
import time

import torch

MODEL = pathlib.Path(__file__).resolve().parents[1] / "models" / "metamict-resnet50.pt"


@functools.lru_cache(maxsize=None)
def torchvision_resnet50():
    import torchvision

    model = torchvision.models.resnet50(weights=None)
    model.fc = torch.nn.Identity()
    weights = torch.jit.load(str(MODEL)).float().state_dict()
    weights.pop("fc.nuisance", None)  # the peer is a plain ResNet50
    model.load_state_dict(weights)
    return model.eval()


@functools.lru_cache(maxsize=None)
def network(kind):
    if kind == "torchvision":
        return torchvision_resnet50()
    frozen = torch.jit.freeze(torch.jit.script(torchvision_resnet50()))
    return torch.jit.optimize_for_inference(frozen)


@torch.inference_mode()
def embed(kind, px, threads, batch, chips):
    torch.set_num_threads(threads)
    run = network(kind)
    grey = torch.randn(batch, 1, px, px)
    run(grey.expand(-1, 3, -1, -1).contiguous())
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(0, chips, batch):
        run(grey.expand(-1, 3, -1, -1).contiguous()).numpy()
    return time.perf_counter() - wall, time.process_time() - processor


def blas():
    maps = pathlib.Path("/proc/self/maps").read_text()
    return "OpenBLAS" if "openblas" in maps else "reference BLAS"


if __name__ == "__main__":
    print(f"torch {torch.__version__}, {blas()}", flush=True)
    for line in sys.stdin:
        kind, *numbers = line.split()
        print(*embed(kind, *map(int, numbers)), flush=True)
