#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole program against the same work in plain Python, both as processes from start to files on disk.

    bench/e2e.py [--sizes 512,1024] [--threads 2] [--rounds 3] [--peer-most 512] [--metamict build/release/metamict]

Images are cut from (or mirrored out of) the sample data/lfo_sto_0p1dpa.tif. The peer does what the paper's Methods say with what
anyone would take: chips of 4 periods at a quarter of a chip, torchvision's ResNet50 in batches of 32, numpy on the installed
BLAS, python-igraph's Louvain at the mean, median and mode cut, a label image for each. It is told the lattice period, and neither draws nor
reports. Beside the wall time stands the processor time of each, which a busy machine changes least. `start` compares one
512 px image from a cold start (one cut) with the time LibTorch takes to load.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import tifffile

ROOT = pathlib.Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "lfo_sto_0p1dpa.tif"


def image_of(side, folder):
    pixels = tifffile.imread(SAMPLE)
    while pixels.shape[0] < side:
        pixels = numpy.block([[pixels, pixels[:, ::-1]], [pixels[::-1], pixels[::-1, ::-1]]])
    path = pathlib.Path(folder) / f"film{side}.tif"
    tifffile.imwrite(path, numpy.ascontiguousarray(pixels[:side, :side]))
    return path


def run(command):
    """Wall and processor seconds of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(contest, rounds):
    """Rounds in which each contestant has its turn."""
    times = {name: [] for name in contest}
    for _ in range(rounds):
        for name, command in contest.items():
            times[name].append(run(command))
    return {name: tuple(statistics.median(column) for column in zip(*values)) for name, values in times.items()}


def peer(image, chip_px, threads, out):
    """The plain Python way."""
    import igraph
    import torch
    import torchvision

    torch.set_num_threads(threads)
    pixels = tifffile.imread(image).astype(numpy.float32)
    low, high = numpy.percentile(pixels, (0.1, 99.9))
    pixels = numpy.clip(pixels, low, high)
    pixels = (pixels - pixels.mean()) / pixels.std()
    scale = 64 / chip_px
    whole = torch.nn.functional.interpolate(torch.from_numpy(pixels)[None, None], scale_factor=scale, mode="bicubic")[0, 0]
    chips = whole.unfold(0, 64, 16).unfold(1, 64, 16)
    rows, cols = chips.shape[:2]
    chips = chips.reshape(-1, 64, 64)
    model = torchvision.models.resnet50(weights=None)
    model.fc = torch.nn.Identity()
    weights = torch.jit.load(str(ROOT / "models" / "metamict-resnet50.pt")).float().state_dict()
    weights.pop("fc.nuisance", None)  # the peer is a plain ResNet50
    model.load_state_dict(weights)
    model.eval()
    with torch.inference_mode():
        features = torch.cat([model(part[:, None].expand(-1, 3, -1, -1)) for part in chips.split(32)]).numpy()
    features /= numpy.linalg.norm(features, axis=1, keepdims=True)
    scores = features @ features.T
    i, j = numpy.triu_indices(len(scores), 1)
    pairs = scores[i, j]
    pairs = (pairs - pairs.min()) / (pairs.max() - pairs.min())
    counts, edges = numpy.histogram(pairs, 100, (0, 1))
    for name, cut in (("mean", pairs.mean()), ("median", numpy.median(pairs)), ("mode", edges[counts.argmax()])):
        keep = pairs >= cut
        graph = igraph.Graph(n=len(scores), edges=numpy.stack([i[keep], j[keep]], 1))
        found = graph.community_multilevel(weights=pairs[keep])
        labels = numpy.asarray(found.membership, numpy.uint16).reshape(rows, cols) + 1
        tifffile.imwrite(pathlib.Path(out) / f"{name}.tif", labels.repeat(16, 0).repeat(16, 1))


def lattice_period(metamict, image):
    found = json.loads(subprocess.run([metamict, "inspect", image, "--json"], check=True, capture_output=True).stdout)[0]
    return found["chip_size_px"]


def whole_runs(arguments, folder):
    print("| image | | wall s | processor s | against Python: wall, processor | goal |\n|---|---|---|---|---|---|")
    for side in arguments.sizes:
        image = image_of(side, folder)
        ours = [arguments.metamict, "segment", image, "--output", f"{folder}/out", "--overwrite", "--threads", str(arguments.threads)]
        contest = {"metamict": ours, "metamict, int8": [*ours, "--precision", "int8"],
                   "metamict, shared": [*ours, "--embedding", "shared"]}
        if side <= arguments.peer_most:
            chip_px = lattice_period(arguments.metamict, image)
            contest["Python"] = ["/usr/bin/python3", __file__, "--peer", image, str(chip_px), str(arguments.threads), folder]
        times = medians(contest, arguments.rounds)
        for name, (wall, processor) in times.items():
            ratio = "" if name == "Python" or "Python" not in times else "{:.1f}, {:.1f}".format(*(p / o for p, o in zip(times["Python"], (wall, processor))))
            print(f"| {side}² | {name} | {wall:.2f} | {processor:.2f} | {ratio} | {'≥ 25' if ratio else ''} |", flush=True)


def cold_start(arguments, folder):
    image = image_of(512, folder)
    first = [arguments.metamict, "segment", image, "--output", f"{folder}/out", "--overwrite", "--cut", "mode", "--runs", "1",
             "--threads", str(arguments.threads)]
    load = "LibTorch's load"
    times = medians({
        "first map of a 512² image": first,
        "first map, int8": [*first, "--precision", "int8"],
        "first map, shared embedding": [*first, "--embedding", "shared"],
        load: ["/usr/bin/python3", "-c", "import ctypes; ctypes.CDLL('libtorch.so')"],
        "Python's own start": ["/usr/bin/python3", "-c", "pass"],
    }, arguments.rounds + 2)
    for name, (wall, processor) in times.items():
        print(f"{name}: {wall:.2f} s wall, {processor:.2f} s processor; this / {load} = {wall / times[load][0]:.2f} (goal 2)")


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[512, 1024])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-most", type=int, default=512, help="largest image that the peer is given")
    parser.add_argument("--metamict", default=ROOT / "build" / "release" / "metamict")
    parser.add_argument("--only", choices=("start", "whole"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.only != "start":
            whole_runs(arguments, folder)
        if arguments.only != "whole":
            cold_start(arguments, folder)


if __name__ == "__main__":
    main()
