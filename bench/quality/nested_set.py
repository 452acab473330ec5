#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what bench_nested reads: images, their truth, and the program's embeddings of them, once.

    bench/quality/nested_set.py --work DIR [--program build/release/metamict] [--share 1.0] [--seed 71]

DIR/items.csv lists name, kind, image and truth. A truth is a PNG of labels, 255 where nothing counts; images of one
lattice have none. DIR/maps holds each image's embeddings.npy. Embeddings are `shared`: eight times faster, and the rule
is what is compared.
"""
import argparse
import csv
import os
import pathlib
import subprocess

import numpy as np
from PIL import Image

import quality

ONE_LATTICE = ("mtf_MoSe2_80K_small_region", "so_BSSN_DPC_scan70_id2154")


def real_regions():
    """Real images with two regions drawn by hand, or one lattice."""
    folder = pathlib.Path(os.environ.get("METAMICT_REAL_DATA", quality.ROOT.parent / "shared/real")) / "regions"
    for path in sorted(file for file in folder.glob("*.*") if file.is_file()):
        truth = folder / "truth" / f"{path.stem}_truth.png"
        if path.stem in ONE_LATTICE or not truth.exists():
            yield quality.Item(path.stem, "real one lattice", path, None, [])
        else:
            yield quality.Item(path.stem, "real regions", path, np.array(Image.open(truth)), [])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(quality.ROOT / "build/release/metamict"))
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="of the simulated scenes")
    parser.add_argument("--kinds", default=",".join(quality.scenes.KINDS), help="of the simulated scenes; also: " + ", ".join(quality.scenes.MORE_KINDS))
    parser.add_argument("--seed", type=int, default=71, help="of the simulated scenes")
    arguments = parser.parse_args()
    work = arguments.work.absolute()
    for folder in ("images", "truth"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    items = list(quality.simulated(work / "images", arguments.seed, arguments.share, arguments.kinds.split(",")))
    items += [*quality.sample_series(), *quality.real_images(), *real_regions()]
    with open(work / "items.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["name", "kind", "image", "truth"])
        for item in items:
            truth = work / "truth" / f"{item.path.stem}.png" if item.truth is not None else ""
            if truth:
                Image.fromarray(item.truth.astype(np.uint8)).save(truth)
            out.writerow([item.path.stem, item.kind, item.path, truth])
    (work / "manifest.txt").write_text("".join(f"{item.path}\n" for item in items))
    subprocess.run([arguments.program, "segment", "--manifest", work / "manifest.txt", "--output", work / "maps", "--resume",
                    "--graphml", "none", "--write", "embeddings", "--cut", "nested", "--embedding", "shared"], check=False)


if __name__ == "__main__":
    main()
