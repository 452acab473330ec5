#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns MicroNet's published ResNet50 checkpoint into TorchScript and a sidecar that metamict loads.

    export_micronet.py FOLDER                              download version 1.1, write FOLDER/micronet-resnet50-v1.1.pt, .json
    export_micronet.py FOLDER --checkpoint FILE.pth.tar    the same from a file at hand

MicroNet (Stuckner, Harder, Smith 2022): encoders pre-trained on 100,000 micrographs, MIT licence,
published in NASA's public data bucket. Keys are torchvision's, fc has 1000 outputs (dropped here:
embeddings are the 2048 pooled features), input is normalised with ImageNet's mean and standard deviation.
"""

import argparse
import hashlib
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

import torch
import torchvision

import resnet50

ADDRESS = (
    "https://nasa-public-data.s3.amazonaws.com/microscopy_segmentation_models/"
    "resnet50_pretrained_microscopynet_v{version}.pth.tar"
)
CLASSES = 1000
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class CheckpointError(Exception):
    """The checkpoint is not MicroNet's ResNet50: the sentence says where it differs."""


def download(version, folder):
    """Fetches the published checkpoint into a folder and returns its path."""
    address = ADDRESS.format(version=version)
    path = pathlib.Path(folder) / address.rsplit("/", 1)[1]
    print(f"downloading {address}", file=sys.stderr)
    try:
        with urllib.request.urlopen(address, timeout=60) as source, open(path, "wb") as target:
            while block := source.read(1 << 20):
                target.write(block)
    except (urllib.error.URLError, OSError) as error:
        raise CheckpointError(f"{address}: {error}; download it elsewhere and give it with --checkpoint") from error
    return path


def read_weights(path):
    """The state dict of a checkpoint file, without wrapper ('state_dict') and prefix ('module.')."""
    try:
        state = torch.load(path, map_location="cpu")
    except Exception as error:  # torch.load raises whatever the pickle holds
        raise CheckpointError(f"{path}: not a PyTorch checkpoint ({error})") from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise CheckpointError(f"{path}: holds no table of weights")
    return {key[len("module.") :] if key.startswith("module.") else key: value for key, value in state.items()}


def micronet_resnet50(weights, path):
    """The ResNet50 with these weights, all 1000 outputs first, then without the classifier."""
    model = torchvision.models.resnet50(weights=None, num_classes=CLASSES)
    expected = model.state_dict()
    for what, keys in (("misses", expected.keys() - weights.keys()), ("has unknown", weights.keys() - expected.keys())):
        if keys:
            raise CheckpointError(f"{path}: {what} {len(keys)} weights of a ResNet50, first {min(keys)}")
    for key, value in expected.items():
        if value.shape != weights[key].shape:
            raise CheckpointError(f"{path}: {key} has shape {tuple(weights[key].shape)}, not {tuple(value.shape)}")
        if not torch.isfinite(weights[key].float()).all():
            raise CheckpointError(f"{path}: {key} holds values that are not finite")
    model.load_state_dict(weights, strict=True)
    model.fc = torch.nn.Identity()
    return model.eval()


def convert(checkpoint, folder, version, input_px):
    """Writes the module and its sidecar; the export itself checks that the embeddings are repeated."""
    checkpoint = pathlib.Path(checkpoint)
    model = micronet_resnet50(read_weights(checkpoint), checkpoint)
    digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    provenance = (
        f"MicroNet ResNet50 v{version} (Stuckner, Harder, Smith 2022; MIT), converted by scripts/export_micronet.py "
        f"from {checkpoint.name} with SHA-256 {digest}."
    )
    card = resnet50.sidecar(
        f"micronet-resnet50-v{version}", "micronet", provenance, input_px, mean=IMAGENET_MEAN, std=IMAGENET_STD
    )
    return resnet50.export_encoder(model, folder, card)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where the module and its sidecar go")
    parser.add_argument("--checkpoint", help="MicroNet's .pth.tar file; downloaded where not given")
    parser.add_argument("--version", default="1.1", help="1.1, or 1.0 as in the MicroNet paper")
    parser.add_argument("--input-px", type=int, default=resnet50.CHIP_PX, help="size to which chips are brought")
    arguments = parser.parse_args()
    if arguments.input_px < 32:
        parser.error(f"--input-px {arguments.input_px}: a ResNet50 needs at least 32 px")
    torch.set_num_threads(1)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            checkpoint = arguments.checkpoint or download(arguments.version, scratch)
            print(convert(checkpoint, arguments.folder, arguments.version, arguments.input_px))
    except CheckpointError as error:
        sys.exit(f"export_micronet.py: {error}")


if __name__ == "__main__":
    main()
