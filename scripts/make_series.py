#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the sample dose series in data/: a LaFeO3 film on SrTiO3 under a sputtered Cr cap, before and after irradiation.

Greys, noise, contrast, focus drift and the shape of the damage follow one published set of images (0, 0.1 and 0.5 dpa,
HAADF); everything else is drawn from the seed. The same seed gives the same bytes with the same numpy and scipy.
"""
import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage

import stem_sim as sim

SIZE_PX = 1024
NM_PER_PX = 0.034
PERIOD_PX = 0.3905 / NM_PER_PX        # SrTiO3
FILM_OUT_OF_PLANE = 1.013             # LaFeO3 pseudo-cubic, coherent with the substrate
FILM_GREY, GLASS_GREY, CAP_GREY = 102.0, 71.5, 253.0   # 8-bit greys
SUBSTRATE_GREY, SUBSTRATE_DRIFT = 49.5, 0.13
GREY_PER_COUNT = 1.9                  # gives the measured noise: 17 at grey 102, 13 at grey 50
READOUT_GREY = 6.5
SATURATION_GREY = 255.0
ADU_PER_GREY = 16                     # a 12-bit digitiser: 4080 where the detector saturates
CAP_NM, FILM_NM = 7.7, 9.9
AMORPHOUS_SHARE, PARTLY_SHARE = 0.75, 0.2   # of the thickness: what the truth calls amorphous, and partly ordered
LABELS = {1: "cap", 2: "ordered film", 3: "substrate", 4: "amorphous film", 5: "partly ordered film"}


@dataclass(frozen=True)
class Exposure:
    """One image of the series: its dose, and what differs from image to image."""
    stem: str
    dose_dpa: float
    damage: str            # none, pocket or front
    defocus: float         # relative growth of the probe across the picture
    blurs_towards_deg: float
    tilt_deg: float        # of the layers against the scan
    column_rms: float      # displacement of the film's columns, in periods


SERIES = (
    Exposure("lfo_sto_0dpa", 0.0, "none", 0.0, 0.0, 0.5, 0.012),
    Exposure("lfo_sto_0p1dpa", 0.1, "pocket", 0.45, 180.0, -0.8, 0.02),
    Exposure("lfo_sto_0p5dpa", 0.5, "front", 0.45, 0.0, 0.9, 0.028),
)


@dataclass
class Frame:
    """Coordinates of one canvas in px: along the layers, and depth below the film's surface and the interface."""
    shape: tuple
    along: np.ndarray
    depth: np.ndarray
    film_px: float
    origin_px: np.ndarray   # a point of the interface (x, y)


def make_frame(exposure: Exposure) -> Frame:
    side = sim.fft.next_fast_len(SIZE_PX + 2 * sim.MARGIN_PX, real=True)
    cells = round(FILM_NM / (0.3905 * FILM_OUT_OF_PLANE))
    film_px = cells * PERIOD_PX * FILM_OUT_OF_PLANE
    origin = np.array([sim.MARGIN_PX + SIZE_PX / 2, sim.MARGIN_PX + CAP_NM / NM_PER_PX + film_px])
    y, x = np.mgrid[0:side, 0:side].astype(float)
    angle = np.deg2rad(exposure.tilt_deg)
    along = (x - origin[0]) * np.cos(angle) + (y - origin[1]) * np.sin(angle)
    below = -(x - origin[0]) * np.sin(angle) + (y - origin[1]) * np.cos(angle)
    return Frame((side, side), along, below + film_px, film_px, origin)


def line_noise(rng, frame: Frame, length_nm: float) -> np.ndarray:
    """Noise along the layers only, standard deviation 1: the roughness of a border."""
    grid = np.arange(-frame.shape[1], frame.shape[1])
    line = ndimage.gaussian_filter1d(rng.standard_normal(len(grid)), length_nm / NM_PER_PX)
    return np.interp(frame.along, grid, (line - line.mean()) / line.std())


def amorphous_share(rng, exposure: Exposure, frame: Frame) -> np.ndarray:
    """How much of the film's thickness is amorphous at each pixel, 0 to 1."""
    nm = frame.depth * NM_PER_PX
    if exposure.damage == "none":
        return np.zeros(frame.shape)
    if exposure.damage == "pocket":   # 4 nm deep and 7 nm wide, open to the surface
        across = np.abs(frame.along * NM_PER_PX - 1.8) / 3.5
        radius = np.cbrt(across**3 + np.clip(nm / 4.0, 0, None) ** 3)
        inside_nm = (1 - radius) * 3.7 + 0.2 * line_noise(rng, frame, 0.5) + 0.15 * sim.smooth_noise(rng, frame.shape, 12)
        softness_nm = 0.35
    else:
        front_nm = 7.3 + 0.7 * line_noise(rng, frame, 2.2) + 0.3 * line_noise(rng, frame, 0.5)
        inside_nm = front_nm - nm + 0.2 * sim.smooth_noise(rng, frame.shape, 12)
        softness_nm = 0.5
    return sim.soft_step(inside_nm + 1.1 * softness_nm, softness_nm)  # AMORPHOUS_SHARE is reached at the border


def film(rng, exposure: Exposure, frame: Frame, glass: np.ndarray) -> np.ndarray:
    crystal = sim.Material("lattice", FILM_GREY, sim.make_lattice("perovskite", (57, 26), FILM_OUT_OF_PLANE),
                           pedestal=0.6, displacement=exposure.column_rms, slices=3, vacancies=0.003)
    amorphous = sim.Material("amorphous", GLASS_GREY, speckle_sd=0.075, spacing=0.72, sharpness=0.35)
    placing = sim.Placing(PERIOD_PX, exposure.tilt_deg, frame.origin_px)
    probe = sim.probe_transfer(microscope(exposure), frame.shape)
    return (1 - glass) * sim.object_of(crystal, placing, probe, rng, frame.shape) \
        + glass * sim.object_of(amorphous, placing, probe, rng, frame.shape)


def substrate(rng, exposure: Exposure, frame: Frame) -> np.ndarray:
    """SrTiO3: crystalline at every dose; its grey drifts along the layers, as a wedge-shaped lamella's does."""
    crystal = sim.Material("lattice", SUBSTRATE_GREY, sim.make_lattice("perovskite", (38, 22)), pedestal=0.33,
                           displacement=0.01, slices=3)
    placing = sim.Placing(PERIOD_PX, exposure.tilt_deg, frame.origin_px)
    drift = 1 + SUBSTRATE_DRIFT * frame.along / SIZE_PX * (1 if exposure.dose_dpa < 0.3 else -1)
    return drift * sim.object_of(crystal, placing, np.ones(1), rng, frame.shape)


def cap(rng, frame: Frame) -> np.ndarray:
    """Sputtered chromium: grains, no lattice, brightness that clips; duller patches towards the film."""
    grains = sim.mottle(rng, frame.shape, 1.6 * PERIOD_PX, 0.06)
    patches = sim.mottle(rng, frame.shape, 3.0 * PERIOD_PX, 0.16)
    low = sim.soft_step(frame.depth + 30, 14)
    return CAP_GREY * grains * (1 + low * (0.94 * patches - 1))


def thickness(rng, frame: Frame) -> np.ndarray:
    """The lamella is not flat: faint curtains of the ion mill across the layers, and slow hills; mean 1."""
    return 1 + 0.012 * line_noise(rng, frame, 1.2) + 0.012 * sim.smooth_noise(rng, frame.shape, 90)


def microscope(exposure: Exposure) -> sim.Microscope:
    return sim.Microscope(
        probe_px=0.165 * PERIOD_PX, tail=0.12, defocus=exposure.defocus, defocus_direction_deg=exposure.blurs_towards_deg,
        astigmatism=0.08, astigmatism_deg=35, jitter_px=0.25, flicker=0.005, drift_px=1.0,
        wedge=0.04, wedge_direction_deg=80, contamination=0.008, contamination_length_px=120,
        counts=FILM_GREY / GREY_PER_COUNT, readout=READOUT_GREY / GREY_PER_COUNT, saturation=SATURATION_GREY / FILM_GREY)


def expose(exposure: Exposure, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One image (uint16 digitiser units) and its truth (labels as in LABELS)."""
    rng = np.random.default_rng([seed, round(1000 * exposure.dose_dpa)])
    frame = make_frame(exposure)
    edge = 7 * line_noise(rng, frame, 1.1) + 5 * sim.smooth_noise(rng, frame.shape, 9)
    in_cap = sim.soft_step(-(frame.depth + edge), 4.0)
    steps = 0.5 * PERIOD_PX * np.tanh(4 * line_noise(rng, frame, 3.0))  # terraces of one cell, intermixed over about as much
    in_substrate = sim.soft_step(frame.depth - frame.film_px + steps, 3.5)
    glass = amorphous_share(rng, exposure, frame) * (1 - in_substrate)
    rest = (1 - in_substrate) * film(rng, exposure, frame, glass) + in_substrate * substrate(rng, exposure, frame)
    scene = in_cap * cap(rng, frame) + (1 - in_cap) * rest * thickness(rng, frame)
    counts = sim.look(scene / FILM_GREY, microscope(exposure), rng)
    truth = np.where(glass >= AMORPHOUS_SHARE, 4, np.where(glass > PARTLY_SHARE, 5, 2))
    truth = np.where(in_substrate > 0.5, 3, truth)
    truth = np.where(in_cap > 0.5, 1, truth)
    inner = (slice(sim.MARGIN_PX, sim.MARGIN_PX + SIZE_PX),) * 2
    return np.rint(counts[inner] * GREY_PER_COUNT * ADU_PER_GREY).astype(np.uint16), truth[inner].astype(np.uint8)


PIXELS_PER_NM = (1000, round(1000 * NM_PER_PX))


def write_image(path: Path, image: np.ndarray) -> None:
    """Deflate with a predictor, calibrated the way ImageJ reads it: pixels per unit, and the unit in the description."""
    tifffile.imwrite(path, image, compression="zlib", compressionargs={"level": 9}, predictor=True, metadata=None,
                     resolution=(PIXELS_PER_NM, PIXELS_PER_NM, "NONE"), software="make_series.py",
                     description="ImageJ=1.53t\nunit=nm\nmin=0.0\nmax=4095.0\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--output", type=Path, default=root / "data", help="folder to write to (default: data/)")
    parser.add_argument("--seed", type=int, default=2023)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for exposure in SERIES:
        image, truth = expose(exposure, options.seed)
        write_image(options.output / f"{exposure.stem}.tif", image)
        Image.fromarray(truth).save(options.output / f"{exposure.stem}_truth.png", optimize=True)
        rows.append((f"{exposure.stem}.tif", f"{exposure.dose_dpa:g}", f"{exposure.stem}_truth.png"))
        print(f"{exposure.stem}: " + ", ".join(f"{name} {100 * np.mean(truth == label):.1f} %" for label, name in LABELS.items()))
    with open(options.output / "series.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("image", "dose_dpa", "truth"), *rows])


if __name__ == "__main__":
    main()
