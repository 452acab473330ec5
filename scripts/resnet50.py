# SPDX-License-Identifier: GPL-3.0-or-later
"""A ResNet50 that trains fast on one bfloat16 core, with torchvision's layout and parameter names.

PyTorch 1.13 spends two thirds of a CPU training step in oneDNN's convolution backward, while its
bfloat16 matrix product runs near the machine's peak. So 1x1 convolutions, and 3x3 convolutions on
small maps, are done as matrix products over the channels-last view, with master weights in float32.
Everything else (names, shapes, initialisation, meaning) is torchvision's.
"""

import copy
import hashlib
import json
import pathlib
import re
import sys

import torch
import torch.nn.functional as F
import torchvision

FEATURES = 2048
CHIP_PX = 64


def _rows(x):
    """[N, C, H, W] channels-last -> [N*H*W, C], without a copy."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _image(rows, n, h, w):
    """[N*H*W, C] -> [N, C, H, W] channels-last, without a copy."""
    return rows.view(n, h, w, -1).permute(0, 3, 1, 2)


def _channels_last(x):
    return x.contiguous(memory_format=torch.channels_last)


class _Pointwise(torch.autograd.Function):
    """1x1 convolution as one matrix product; float32 gradient for the float32 master weight."""

    @staticmethod
    def forward(ctx, x, weight):
        low = weight.detach().flatten(1).to(x.dtype)
        ctx.save_for_backward(x, low)
        n, _, h, w = x.shape
        return _image(_rows(x) @ low.t(), n, h, w)

    @staticmethod
    def backward(ctx, grad):
        x, low = ctx.saved_tensors
        grad = _channels_last(grad)
        grad_rows = _rows(grad)
        n, _, h, w = x.shape
        grad_weight = (grad_rows.t() @ _rows(x)).float()[:, :, None, None]
        return _image(grad_rows @ low, n, h, w), grad_weight


def _columns(x, stride):
    """The 3x3 neighbourhoods (padding 1) of a channels-last map as rows [N*Ho*Wo, 9*C]."""
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
    n, hp, wp, c = padded.shape
    ho, wo = (hp - 3) // stride + 1, (wp - 3) // stride + 1
    sn, sh, sw, sc = padded.stride()
    view = padded.as_strided((n, ho, wo, 3, 3, c), (sn, sh * stride, sw * stride, sh, sw, sc))
    return view.reshape(n * ho * wo, 9 * c), ho, wo


class _Small3x3(torch.autograd.Function):
    """3x3 convolution (padding 1) through im2col, for maps too small for oneDNN's kernels."""

    @staticmethod
    def forward(ctx, x, weight, stride):
        n, c, h, w = x.shape
        low = weight.detach().permute(2, 3, 1, 0).reshape(9 * c, -1).to(x.dtype)
        columns, ho, wo = _columns(x, stride)
        ctx.save_for_backward(x, low)
        ctx.stride = stride
        return _image(columns @ low, n, ho, wo)

    @staticmethod
    def backward(ctx, grad):
        x, low = ctx.saved_tensors
        stride = ctx.stride
        n, c, h, w = x.shape
        grad_rows = _rows(_channels_last(grad))
        columns, ho, wo = _columns(x, stride)
        grad_low = columns.t() @ grad_rows
        grad_weight = grad_low.float().view(3, 3, c, -1).permute(3, 2, 0, 1)
        grad_columns = (grad_rows @ low.t()).view(n, ho, wo, 3, 3, c)
        padded = grad.new_zeros((n, h + 2, w + 2, c))
        for dy in range(3):
            for dx in range(3):
                padded[:, dy : dy + stride * ho : stride, dx : dx + stride * wo : stride].add_(
                    grad_columns[:, :, :, dy, dx]
                )
        return padded[:, 1 : h + 1, 1 : w + 1].contiguous().permute(0, 3, 1, 2), grad_weight, None


class FastConv2d(torch.nn.Conv2d):
    """Conv2d that picks the fastest way for its kernel and map size when training on a CPU."""

    small_map_px = 6

    def forward(self, x):
        if x.device.type != "cpu" or self.kernel_size == (7, 7):
            return F.conv2d(x, self.weight.to(x.dtype), None, self.stride, self.padding)
        stride = self.stride[0]
        if self.kernel_size == (1, 1):
            if stride > 1:
                x = _channels_last(x[:, :, ::stride, ::stride])
            return _Pointwise.apply(x, self.weight)
        if max(x.shape[-2:]) // stride <= self.small_map_px:
            return _Small3x3.apply(x, self.weight, stride)
        weight = self.weight.to(x.dtype).contiguous(memory_format=torch.channels_last)
        return F.conv2d(x, weight, None, self.stride, self.padding)


def plain_resnet50():
    """torchvision's ResNet50 with the classifier replaced by identity: [N, 3, H, W] -> [N, 2048]."""
    model = torchvision.models.resnet50(weights=None)
    model.fc = torch.nn.Identity()
    return model


class NuisanceProjection(torch.nn.Module):
    """Takes out of features [N, 2048] what they show of noise, drift and place within a region: x - (x Ut) U.

    The rows of U [R, 2048] are the directions in which windows of one region differ, each by a weight from 0 (kept) to 1 (removed):
    nuisance attribute projection (Solomonoff, Campbell and Boardman 2005). scripts/fit_nuisance.py finds them.
    """

    def __init__(self, directions):
        super().__init__()
        self.nuisance = torch.nn.Parameter(directions.clone(), requires_grad=False)

    def forward(self, features):
        return features - (features @ self.nuisance.t()) @ self.nuisance


def training_resnet50(residual_gain=0.2):
    """The same network, parameter for parameter, with the fast convolutions.

    Residual branches start small: with gains of 1 the bfloat16 gradient of the untrained network
    has a cosine of 0.14 with the float32 one, with 0.2 it is 0.92.
    """
    model = plain_resnet50()
    for module in model.modules():
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            torch.nn.init.constant_(module.bn3.weight, residual_gain)
    for module in model.modules():
        if type(module) is torch.nn.Conv2d:
            module.__class__ = FastConv2d
    return model.to(memory_format=torch.channels_last)


def feature_map(model, images, dtype=torch.float32):
    """Last stage's map [N, 2048, H/32, W/32] (post-ReLU) of images [N, 3, H, W]."""
    x = _channels_last(images.to(dtype))
    x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
    return model.layer4(model.layer3(model.layer2(model.layer1(x))))


# ---------------------------------------------------------------- the files a program loads


def sidecar(name, kind, provenance, input_px=CHIP_PX, features=FEATURES, mean=(0.0,) * 3, std=(1.0,) * 3):
    """What stands beside the weights: how to feed the network and where it comes from."""
    return {
        "schema": 1,
        "name": name,
        "kind": kind,
        "input_px": input_px,
        "channels": 3,
        "mean": list(mean),
        "std": list(std),
        "features": features,
        "cells_per_chip": 4,
        "weights_dtype": "float16",
        "provenance": provenance,
    }


def read_card(module):
    """The sidecar of a module without what record() writes anew."""
    card = json.loads(pathlib.Path(module).with_suffix(".json").read_text())
    return {key: value for key, value in card.items() if key not in ("sha256", "probe")}


def weights_of(module):
    """The weights of a module in float32, without its nuisance projection: that is fitted anew to other weights (fit_nuisance.py)."""
    weights = torch.jit.load(str(module), map_location="cpu").float().state_dict()
    weights.pop("fc.nuisance", None)
    return weights


def without_projection(provenance):
    """Where weights come from, without the sentence on a nuisance projection."""
    return re.sub(r" Nuisance projection:.*?\)\.", "", provenance)


PROBES = 2
PROBE_EVERY = 32


def probe_chips(px):
    """The fixed grey chips on which a program compares its own way of running a module with the module: [PROBES, px, px]."""
    y, x = torch.meshgrid(torch.arange(px), torch.arange(px), indexing="ij")
    return torch.stack([((3 * x * x + 5 * y * y + (7 * k + 1) * x * y) % 257) / 64.0 - 2.0 for k in range(PROBES)])


@torch.no_grad()
def record(path, card):
    """Writes the sidecar of a module: the card, the file's hash, and every 32nd feature that the module gives for the probe chips."""
    path = pathlib.Path(path)
    mean, std = (torch.tensor(card[key], dtype=torch.float32).view(1, -1, 1, 1) for key in ("mean", "std"))
    found = torch.jit.load(str(path)).float().eval()((probe_chips(card["input_px"])[:, None] - mean) / std)[:, ::PROBE_EVERY]
    features = [[float(f"{value:.6g}") for value in row] for row in found.tolist()]
    card = dict(card, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), probe={"every": PROBE_EVERY, "features": features})
    text = re.sub(r"\[[-+.,\s\deE]*\]", lambda row: "[" + " ".join(row[0][1:-1].split()) + "]", json.dumps(card, indent=2)) + "\n"
    part = path.with_suffix(".json.part")
    part.write_text(text)
    part.replace(path.with_suffix(".json"))


def export_encoder(model, folder, card):
    """Writes folder/<name>.pt (TorchScript, half-precision weights) and folder/<name>.json.

    The written module is read back: it must repeat the model with its weights rounded to half
    precision, and that rounding must not matter (cosines above 0.999999 and 0.999 on noise).
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card['name']}.pt"
    part = path.with_name(path.name + ".part")
    model = model.float().cpu().to(memory_format=torch.contiguous_format).eval()
    probe = torch.randn(4, card["channels"], card["input_px"], card["input_px"], generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        halved = copy.deepcopy(model).half()
        torch.jit.script(halved).save(str(part))
        found = torch.jit.load(str(part)).float()(probe)
    if tuple(found.shape) != (4, card["features"]):
        raise ValueError(f"{path}: embeddings have shape {tuple(found.shape)}, not (4, {card['features']})")
    for reference, least in ((halved.float(), 0.999999), (model, 0.999)):
        with torch.no_grad():
            agreement = F.cosine_similarity(found, reference(probe)).min().item()
        if not agreement > least:
            raise ValueError(f"{path}: the exported module does not repeat the model (cosine {agreement:.7f})")
    part.replace(path)
    record(path, card)
    return path


if __name__ == "__main__":  # resnet50.py NAME.pt ...: the sidecars beside them anew, with hash and probe
    for argument in map(pathlib.Path, sys.argv[1:]):
        record(argument, json.loads(argument.with_suffix(".json").read_text()))
