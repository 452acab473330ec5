# SPDX-License-Identifier: GPL-3.0-or-later
"""Models for the torch tests, and what Python makes of them.

reference.py models FOLDER                             tiny, resnet, projected, impostor, raising: each .pt with its .json
reference.py features MODEL RAW ROWS COLS STRIDE OUT   features of every chip, float32, row by row
"""

import json
import pathlib
import sys

import numpy
import torch
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import make_untrained_encoder
import resnet50


class Raising(torch.nn.Module):
    def forward(self, x):
        if x.size(0) > 0:
            raise RuntimeError("first line of the trouble\nsecond line")
        return x


def random_resnet(pool):
    """A ResNet50 whose batch norm has something to fold; residual branches small, as in a trained network."""
    torch.manual_seed(3)
    model = resnet50.plain_resnet50()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.weight, 1, 0.1)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
        if isinstance(module, torchvision.models.resnet.Bottleneck):
            torch.nn.init.constant_(module.bn3.weight, 0.3)
    model.avgpool = pool
    return model


def write_models(folder):
    tiny = make_untrained_encoder.tiny_network(1)
    card = dict(input_px=16, features=12, mean=(0.5, 0.25, 0.0), std=(1.0, 2.0, 0.5))
    resnet50.export_encoder(tiny, folder, resnet50.sidecar("tiny", "untrained", "seeded", **card))
    average, largest = torch.nn.AdaptiveAvgPool2d(1), torch.nn.AdaptiveMaxPool2d(1)
    resnet50.export_encoder(random_resnet(average), folder, resnet50.sidecar("resnet", "untrained", "seeded", input_px=32))
    resnet50.export_encoder(random_resnet(largest), folder, resnet50.sidecar("impostor", "untrained", "seeded", input_px=64))
    projected = random_resnet(average)
    projected.fc = resnet50.NuisanceProjection(torch.nn.init.orthogonal_(torch.empty(5, 2048)) * torch.linspace(0.2, 1, 5)[:, None])
    resnet50.export_encoder(projected, folder, resnet50.sidecar("projected", "untrained", "seeded", input_px=32))
    torch.jit.script(Raising()).save(str(folder / "raising.pt"))
    (folder / "raising.json").write_text(json.dumps(dict(resnet50.sidecar("raising", "other", "none"), sha256="")))


def write_features(model, raw, rows, cols, stride, out):
    card = json.loads(pathlib.Path(model).with_suffix(".json").read_text())
    px = card["input_px"]
    image = numpy.fromfile(raw, numpy.float32).reshape(rows, cols)
    tops = sorted({*range(0, rows - px + 1, stride), rows - px})
    lefts = sorted({*range(0, cols - px + 1, stride), cols - px})
    chips = torch.from_numpy(numpy.stack([image[y : y + px, x : x + px] for y in tops for x in lefts]))
    mean, std = (torch.tensor(card[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.no_grad():
        network = torch.jit.load(model).float().eval()
        features = torch.cat([network((part[:, None] - mean) / std) for part in chips.split(16)])
    features.numpy().tofile(out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "models":
        write_models(pathlib.Path(sys.argv[2]))
    else:
        write_features(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:7]), sys.argv[7])
