#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenes with element maps where one witness, the micrograph or the maps, cannot tell the regions alone.

    bench/quality/witnesses.py build/release/metamict [--seed 31] [--scenes 4] [--work DIR] [--spectra]

Prints the adjusted Rand index of the primary map with --evidence image, maps and both. Goals: both is no worse than
the better witness alone (within 0.01), and at least 0.95 where the two together can tell; at one count a pixel both is
no more than 0.01 below the image alone. With --spectra the maps are a spectrum image of 256 channels instead: as many
counts, half of them in a background, the rest in two lines an element.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import h5py
import numpy
import tifffile
from sklearn import metrics

import scenes

ELEMENTS = ["C", "Pt", "La", "Fe", "Mn", "Sr", "Ti", "O"]
CAP = [0.8, 0.2, 0, 0, 0, 0, 0, 0]
FERRITE = [0.05, 0, 0.3, 0.25, 0, 0, 0, 0.4]
MANGANITE = [0.05, 0, 0.3, 0, 0.25, 0, 0, 0.4]
TITANATE = [0.05, 0, 0, 0, 0, 0.3, 0.25, 0.4]

# What the maps of a scene are like: counts a pixel of the maps, image pixels along a pixel of the maps, drift in px.
LOOKS = {
    "20 counts": (20, 1, 0), "5 counts": (5, 1, 0), "1 count": (1, 1, 0),
    "coarse, 20 counts": (20, 4, 0), "coarse, 1 count": (1, 4, 0), "drift": (5, 2, 4),
}


def two_films(rng, side):
    """Cap, film and substrate; the film is a ferrite on the left and a manganite on the right, alike in the micrograph."""
    scene = None
    while scene is None or len(numpy.unique(scene.truth)) != 3:
        scene = scenes.scene("stack", rng.integers(1 << 30), side)
    made_of = {1: CAP, 2: FERRITE, 3: TITANATE}
    made = scene.truth.astype(int)
    x, _ = scenes.coordinates(side)
    made[(scene.truth == 2) & (x > rng.uniform(0.35, 0.65) * side + scenes.wavy(rng, side, 6)[:, None])] = 4
    made_of[4] = MANGANITE
    return scene, made, made, made_of


def one_composition(rng, side):
    """A pocket of glass in a film of the same composition, on a substrate."""
    scene = scenes.scene("pocket", rng.integers(1 << 30), side)
    made_of = {1: FERRITE, 2: TITANATE, 3: FERRITE}
    return scene, scene.truth.astype(int), scene.truth.astype(int), made_of


def buried_layer(rng, side):
    """One crystal; a layer of it has another B cation. The micrograph shows one region."""
    scene = scenes.scene("single", rng.integers(1 << 30), side)
    made = scenes.layers(rng, side, [rng.uniform(0.3, 0.45), rng.uniform(0.55, 0.75)], 3).astype(int)
    made[made == 3] = 1  # of one material, on either side of the layer
    return scene, made, made, {1: FERRITE, 2: MANGANITE}


def no_difference(rng, side):
    """Grains of one composition: the maps hold noise only."""
    scene = scenes.scene("grains", rng.integers(1 << 30), side)
    labels = scene.truth.astype(int)
    return scene, labels, labels, {k: FERRITE for k in numpy.unique(labels)}


KINDS = {"two films": two_films, "one composition": one_composition, "buried layer": buried_layer, "no difference": no_difference}


def expected_counts(made, made_of, counts, coarse, drift):
    """float [E, H, W]: `counts` a pixel in the mean."""
    side = len(made)
    made = numpy.roll(made, (drift, drift), (0, 1)) if drift else made
    share = numpy.zeros((len(ELEMENTS), side, side))
    for label, composition in made_of.items():
        share[:, made == label] = numpy.asarray(composition)[:, None]
    share = share.reshape(len(ELEMENTS), side // coarse, coarse, side // coarse, coarse).mean((2, 4))
    return share * counts


def spectra_of_elements(channels=256):
    """[E, C]: of each element half a background, half two lines; each of sum 1. Lines of several elements overlap."""
    channel = numpy.arange(channels)
    background = numpy.exp(-channel / 90)

    def line(at):
        return numpy.exp(-0.5 * ((channel - at) / 3) ** 2) / (3 * (2 * numpy.pi) ** 0.5)

    places = numpy.linspace(12, channels - 40, len(ELEMENTS))
    return numpy.array([0.5 * background / background.sum() + 0.4 * line(at) + 0.1 * line(at + 15) for at in places])


def write_spectra(path, rng, shares):
    """A HyperSpy file with Poisson counts; shares [E, H, W] sum to the counts of a pixel."""
    values = rng.poisson(numpy.einsum("ehw,ec->hwc", shares, spectra_of_elements())).astype(numpy.uint16)
    with h5py.File(path, "w") as file:
        group = file.create_group("Experiments/spectra")
        group["data"] = values
        for i, (name, units) in enumerate((("y", ""), ("x", ""), ("Energy", "keV"))):
            group.create_group(f"axis-{i}").attrs.update({"name": name, "scale": 0.04 if i == 2 else 1.0, "offset": 0.0, "size": values.shape[i], "units": units, "navigate": i < 2})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--scenes", type=int, default=4)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--looks", nargs="+", default=list(LOOKS))
    parser.add_argument("--spectra", action="store_true", help="a spectrum image instead of element maps")
    parser.add_argument("--work")
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work or tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    print("kind               maps               image   maps    both    (mean ARI; lowest of both; regions true/found)")
    failures = 0
    for number, kind in enumerate(arguments.kinds):
        rows = {look: [] for look in arguments.looks}
        for k in range(arguments.scenes):
            rng = numpy.random.default_rng([arguments.seed, list(KINDS).index(kind), k])
            scene, truth, made, made_of = KINDS[kind](rng, arguments.side)
            path = work / f"{kind.replace(' ', '_')}_{k}.tif"
            tifffile.imwrite(path, scene.image)
            for look in arguments.looks:
                counts, coarse, drift = LOOKS[look]
                maps = work / f"{path.stem}_{look.replace(' ', '_').replace(',', '')}{'.hspy' if arguments.spectra else '.npy'}"
                expected = expected_counts(made, made_of, counts, coarse, drift)
                if arguments.spectra:
                    write_spectra(maps, rng, expected)
                else:
                    numpy.save(maps, rng.poisson(expected).astype(numpy.uint16))
                row = {}
                for evidence in ("image", "maps", "both"):
                    out = work / f"{maps.stem}_{evidence}"
                    subprocess.run([arguments.program, "segment", path, "--output", out, "--overwrite", "--cut", "nested", "--looks", "0",
                                    "--maps", maps if arguments.spectra else ",".join(ELEMENTS) + f"={maps}", "--maps-scale", f"{coarse}px", "--evidence", evidence,
                                    "--quiet", "--outputs", "lean"], check=True, stdout=subprocess.DEVNULL)
                    labels = tifffile.imread(out / path.stem / "nested" / "labels.tif").astype(int)
                    row[evidence] = metrics.adjusted_rand_score(truth.ravel(), labels.ravel()), len(numpy.unique(labels))
                rows[look].append((row, len(numpy.unique(truth))))
        for look, found in rows.items():
            mean = {e: numpy.mean([row[e][0] for row, _ in found]) for e in ("image", "maps", "both")}
            worse = min(row["both"][0] - max(row["image"][0], row["maps"][0]) for row, _ in found)
            failures += worse < -0.01
            regions = " ".join(f"{true}/{row['both'][1]}" for row, true in found)
            print(f"{kind:18} {look:18} {mean['image']:.3f}   {mean['maps']:.3f}   {mean['both']:.3f}   lowest "
                  f"{min(row['both'][0] for row, _ in found):.3f}, both - better at worst {worse:+.3f}; {regions}", flush=True)
    print(json.dumps({"both worse than the better witness by more than 0.01, at worst of a row": failures}))


if __name__ == "__main__":
    main()
