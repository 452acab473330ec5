# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated micrographs for the quality bench, by another way than the encoder's training data.

Here every atom column is drawn in real space as its own pair of Gaussians, regions end sharply between atoms, and an
amorphous film is a heap of random atoms with a smallest distance, layer upon layer. (scripts/stem_sim.py works on a
grid with Fourier filters and soft memberships.) Lattices and region shapes are others too. Needs numpy and scipy.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage, spatial

KINDS = {"stack": 14, "pocket": 14, "wedge": 8, "grains": 8, "gradient": 8, "single": 12}
MORE_KINDS = {"capped": 30}  # beside the bench's 64

# name: (cell vectors in periods, [(x, y, strength)]): the projections that one meets at the microscope
LATTICES = {
    "perovskite": ([[1, 0], [0, 1]], [(0, 0, 1.0), (0.5, 0.5, 0.35)]),
    "perovskite heavy B": ([[1, 0], [0, 1]], [(0, 0, 1.0), (0.5, 0.5, 0.8)]),
    "rock salt": ([[1, 0], [0, 1]], [(0, 0, 1.0), (0.5, 0.5, 1.0), (0.5, 0, 0.25), (0, 0.5, 0.25)]),
    "fluorite 110": ([[1, 0], [0, 1.414]], [(0, 0, 1.0), (0.5, 0.5, 1.0), (0.25, 0.25, 0.12), (0.75, 0.25, 0.12)]),
    "zinc blende 110": ([[1, 0], [0, 1.414]], [(0, 0, 1.0), (0, 0.25, 0.8), (0.5, 0.5, 1.0), (0.5, 0.75, 0.8)]),
    "wurtzite 11-20": ([[1, 0], [0, 1.63]], [(0, 0, 1.0), (0, 0.38, 0.5), (0.5, 0.5, 1.0), (0.5, 0.88, 0.5)]),
    "kagome": ([[1, 0], [0.5, 0.866]], [(0, 0, 1.0), (0.5, 0, 0.9), (0, 0.5, 0.9)]),
    "layered": ([[1, 0], [0, 1.9]], [(0, 0, 1.0), (0.5, 0.26, 0.5), (0.5, 0.74, 0.5)]),
    "spinel 110": ([[1, 0], [0.5, 0.71]], [(0, 0, 1.0), (0.5, 0.5, 0.3)]),
    "hexagonal": ([[1, 0], [0.5, 0.866]], [(0, 0, 1.0)]),
}


@dataclass(frozen=True)
class Solid:
    """What fills a region. Greys are means relative to the parent crystal; disorder is the amorphous share of the thickness."""
    lattice: str | None = "perovskite"
    grey: float = 1.0
    turn_deg: float = 0.0
    stretch: float = 1.0      # of the second cell vector
    contrast: float = 0.45    # share of the grey that stands in columns
    wobble: float = 0.01      # static displacement of columns, in periods
    weak: float = 1.0         # factor on the weaker columns: another element
    grains: bool = False      # a polycrystalline metal: patches of unlike grey


@dataclass(frozen=True)
class Scope:
    """How it is looked at. Lengths in pixels, the dose in electrons at a pixel of mean grey."""
    probe_px: float = 2.2
    defocus: float = 0.0         # relative growth of the probe from one side to the other
    ellipticity: float = 1.0
    dose: float = 100.0
    read_noise: float = 0.5
    line_noise: float = 0.0      # relative grey offset of a scan line
    tear_px: float = 0.0         # displacement of a scan line, rms
    wedge: float = 0.0           # relative thickness change across the image
    carbon: float = 0.0          # grey added by contamination, and the blur it brings
    direction_deg: float = 0.0   # of defocus, wedge and carbon


@dataclass
class Scene:
    name: str
    image: np.ndarray        # uint16 [H, W]
    truth: np.ndarray        # uint8 [H, W], 1..k
    amorphous: list[int]     # labels of truth without a lattice (cap excepted)
    period_px: float
    info: dict = field(default_factory=dict)


# --- atoms ------------------------------------------------------------------------------------------------------------

def columns(solid: Solid, period_px: float, angle_deg: float, side: int, rng):
    """Column positions (x, y) in px over the picture and their strengths, mean strength per period squared being 1."""
    cell, basis = LATTICES[solid.lattice]
    cell = np.array(cell, float) * [[1], [solid.stretch]] * period_px
    angle = np.deg2rad(angle_deg + solid.turn_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    reach = int(2.2 * side / period_px) + 4
    i, j = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
    fractions = np.array([b[:2] for b in basis])
    strength = np.array([b[2] if b[2] == 1.0 else b[2] * solid.weak for b in basis])
    nodes = np.stack([i.ravel(), j.ravel()], 1)[:, None, :] + fractions[None]
    points = (nodes.reshape(-1, 2) @ cell) @ turn + side / 2 + rng.uniform(0, 1, 2) @ cell
    points += rng.normal(0, solid.wobble * period_px, points.shape)
    strengths = np.tile(strength, len(nodes)) * rng.normal(1, 0.03, len(points)).clip(0.7, 1.3)
    keep = np.all((points > -12) & (points < side + 12), axis=1)
    density = strength.sum() / abs(np.linalg.det(cell)) * period_px**2
    return points[keep], strengths[keep] / density


def heap(period_px: float, side: int, rng, layers: int = 7):
    """Atoms of an amorphous film in projection: random, no two of one layer closer than 0.55 periods."""
    spacing = 0.55 * period_px
    kept = []
    for _ in range(layers):
        trial = rng.uniform(-12, side + 12, (int(1.1 * (side / spacing) ** 2), 2))
        pairs = spatial.cKDTree(trial).query_pairs(0.9 * spacing, output_type="ndarray")
        close = np.unique(pairs.max(1)) if len(pairs) else []  # of two that are too close the earlier one stays
        kept.append(np.delete(trial, close, axis=0))
    points = np.concatenate(kept)
    strengths = rng.uniform(0.6, 1.4, len(points))
    return points, strengths / (strengths.sum() / ((side + 24) / period_px) ** 2)


def draw(points, strengths, sigma_px, side: int, ellipticity: float = 1.0) -> np.ndarray:
    """Each point as a Gaussian core (0.8) with a wider tail (0.2); sigma_px may differ from point to point."""
    image = np.zeros((side + 64, side + 64))
    sigma = np.broadcast_to(sigma_px, len(points))
    reach = int(np.ceil(3.2 * sigma.max() * 1.5))
    reach = min(reach, 30)
    window = np.arange(-reach, reach + 1)
    for first in range(0, len(points), 4000):
        p, s, w = points[first:first + 4000] + 32, sigma[first:first + 4000], strengths[first:first + 4000]
        centre = np.round(p).astype(int)
        dx = window[None] - (p[:, 0] - centre[:, 0])[:, None]
        dy = window[None] - (p[:, 1] - centre[:, 1])[:, None]
        patch = 0
        for share, wide in ((0.8, 1.0), (0.2, 1.8)):
            sx, sy = s[:, None] * wide * ellipticity, s[:, None] * wide / ellipticity
            gx, gy = np.exp(-0.5 * (dx / sx) ** 2) / (sx * 2.5066), np.exp(-0.5 * (dy / sy) ** 2) / (sy * 2.5066)
            patch = patch + share * gy[:, :, None] * gx[:, None, :]
        patch = patch * w[:, None, None]
        rows, cols = centre[:, 1, None] + window[None], centre[:, 0, None] + window[None]
        inside = (rows >= 0) & (rows < image.shape[0]), (cols >= 0) & (cols < image.shape[1])
        patch = patch * (inside[0][:, :, None] & inside[1][:, None, :])
        flat = rows.clip(0, image.shape[0] - 1)[:, :, None] * image.shape[1] + cols.clip(0, image.shape[1] - 1)[:, None, :]
        image.ravel()[:] += np.bincount(flat.ravel(), patch.ravel(), image.size)
    return image[32:-32, 32:-32]


# --- regions ----------------------------------------------------------------------------------------------------------

def coordinates(side: int):
    y, x = np.mgrid[0:side, 0:side].astype(float)
    return x, y


def wavy(rng, side: int, amplitude_px: float) -> np.ndarray:
    """A random curve along one side: a few sines."""
    t = np.arange(side) / side
    curve = sum(rng.normal() / k * np.sin(2 * np.pi * (k * t + rng.random())) for k in range(1, 7))
    return amplitude_px * curve / max(np.abs(curve).max(), 1e-9)


def blob(rng, side: int, centre, radius_px: float) -> np.ndarray:
    """A pocket: an ellipse whose radius wavers with the angle."""
    x, y = coordinates(side)
    x, y = x - centre[0], y - centre[1]
    stretch, angle = rng.uniform(0.6, 1.0), rng.uniform(0, np.pi)
    u, v = x * np.cos(angle) + y * np.sin(angle), (-x * np.sin(angle) + y * np.cos(angle)) / stretch
    phi = np.arctan2(v, u)
    wavering = 1 + sum(rng.normal(0, 0.12) / k * np.cos(k * phi + rng.uniform(0, 6.3)) for k in range(2, 6))
    return np.hypot(u, v) < radius_px * wavering


def layers(rng, side: int, edges, roughness_px: float) -> np.ndarray:
    """1, 2, .. from the top, at the given fractions of the height."""
    _, y = coordinates(side)
    label = np.ones((side, side), np.uint8)
    for edge in edges:
        label[y > edge * side + wavy(rng, side, roughness_px)[None, :]] += 1
    return label


def film_over_substrate(rng, lattice):
    film = Solid(lattice, 1.0, contrast=rng.uniform(0.3, 0.5), weak=rng.uniform(0.7, 1.2))
    substrate = replace(film, grey=rng.uniform(0.5, 0.8), weak=film.weak * rng.uniform(0.5, 0.9), stretch=rng.uniform(0.985, 1.0))
    return film, substrate


def glass_of(rng, solid: Solid) -> Solid:
    return replace(solid, lattice=None, grey=solid.grey * rng.uniform(0.65, 1.0), contrast=rng.uniform(0.2, 0.5))


def cap(rng) -> Solid:
    return Solid(None, rng.uniform(1.4, 2.2), contrast=0.25, grains=True)


def stack(rng, side, lattice):
    film, substrate = film_over_substrate(rng, lattice)
    solids, edges = [cap(rng), film, substrate], [rng.uniform(0.15, 0.28), rng.uniform(0.5, 0.65)]
    if rng.random() < 0.5:  # irradiated from above: the upper film has lost its lattice
        solids.insert(1, glass_of(rng, film))
        edges.insert(1, rng.uniform(0.32, 0.44))
    return layers(rng, side, edges, rng.uniform(1, 10)), solids


def pocket(rng, side, lattice):
    film, substrate = film_over_substrate(rng, lattice)
    label = layers(rng, side, [rng.uniform(0.5, 0.7)], rng.uniform(1, 4))
    centre = rng.uniform(0.25, 0.75) * side, rng.uniform(0.15, 0.4) * side
    label[blob(rng, side, centre, rng.uniform(0.11, 0.2) * side)] = 3
    return label, [film, substrate, glass_of(rng, film)]


def capped(rng, side, lattice):
    """A patchy cap over a film with up to three pockets of one glass, which may touch, over a substrate."""
    film, substrate = film_over_substrate(rng, lattice)
    label = layers(rng, side, [rng.uniform(0.12, 0.25), rng.uniform(0.62, 0.8)], rng.uniform(1, 6))
    for _ in range(rng.integers(0, 4)):
        centre = rng.uniform(0.1, 0.9) * side, rng.uniform(0.3, 0.6) * side
        label[blob(rng, side, centre, rng.uniform(0.07, 0.12) * side) & (label == 2)] = 4
    return label, [cap(rng), film, substrate, glass_of(rng, film)]


def wedge(rng, side, lattice):
    film, other = film_over_substrate(rng, lattice)
    x, y = coordinates(side)
    tip, angle, opening = rng.uniform(0.1, 0.4) * side, rng.uniform(-0.3, 0.3), rng.uniform(0.35, 0.7)
    u, v = x - tip, y - rng.uniform(0.35, 0.65) * side
    direction = np.arctan2(v, u) - angle
    label = np.where(np.abs(direction) < opening, 2, 1).astype(np.uint8)
    return label, [film, glass_of(rng, film) if rng.random() < 0.5 else other]


def grains(rng, side, lattice):
    count = int(rng.integers(2, 5))
    seeds = rng.uniform(0.1, 0.9, (60, 2)) * side
    chosen = [seeds[0]]
    for s in seeds[1:]:
        if len(chosen) < count and min(np.hypot(*(s - c)) for c in chosen) > 0.42 * side:
            chosen.append(s)
    x, y = coordinates(side)
    label = (np.argmin([np.hypot(x - c[0], y - c[1]) for c in chosen], 0) + 1).astype(np.uint8)
    solid = Solid(lattice, 1.0, contrast=rng.uniform(0.3, 0.5))
    turns = rng.permutation(np.array([0.0, 13.0, 26.0, 39.0]) + rng.uniform(-3, 3, 4))
    return label, [replace(solid, turn_deg=turns[k], grey=rng.uniform(0.9, 1.1)) for k in range(len(chosen))]


def single(rng, side, lattice):
    return np.ones((side, side), np.uint8), [Solid(lattice, 1.0, contrast=rng.uniform(0.25, 0.5), wobble=rng.uniform(0.005, 0.03))]


# --- the whole picture ------------------------------------------------------------------------------------------------

def render(label, solids, scope: Scope, period_px: float, angle_deg: float, rng, disorder=None) -> np.ndarray:
    """uint16 image. disorder [H, W]: amorphous share of the thickness of the first solid (for gradients)."""
    side = len(label)
    x, y = coordinates(side)
    across = ((x - side / 2) * np.cos(np.deg2rad(scope.direction_deg)) + (y - side / 2) * np.sin(np.deg2rad(scope.direction_deg))) / side + 0.5
    across = across.clip(0, 1)
    image = np.zeros((side, side))

    def at(field, points):
        index = np.round(points).astype(int).clip(0, side - 1)
        return field[index[:, 1], index[:, 0]]

    no_points = np.zeros((0, 2)), np.zeros(0)
    some_glass = disorder is not None or any(solid.lattice is None for solid in solids)
    amorphous_points = heap(period_px, side, rng) if some_glass else no_points
    for number, solid in enumerate(solids, 1):
        mine = label == number
        share = np.zeros_like(image) if solid.lattice else np.ones_like(image)
        if disorder is not None and number == 1:
            share = disorder
        parts = [(amorphous_points, share)]
        if solid.lattice:
            parts.append((columns(solid, period_px, angle_deg, side, rng), 1 - share))
        for (points, strengths), weight in parts:
            inside = at(mine, points) * at(weight, points)
            sigma = scope.probe_px * (1 + scope.defocus * at(across, points)) * (1 + 1.2 * scope.carbon * at(across, points))
            keep = inside > 0
            if not keep.any():
                continue
            drawn = draw(points[keep], (strengths * inside)[keep], sigma[keep], side, scope.ellipticity) * period_px**2
            image += solid.grey * solid.contrast * drawn
        ground = solid.grey * (1 - solid.contrast) * mine
        if solid.grains:
            ground = ground * (1 + 0.35 * np.tanh(2 * grain_field(rng, side, 1.5 * period_px)))
        image += ndimage.gaussian_filter(ground, scope.probe_px)
    image = image * (1 + scope.wedge * (across - 0.5)) + scope.carbon * 2.0 * across
    return detect(image, scope, rng)


def grain_field(rng, side, size_px):
    noise = ndimage.gaussian_filter(rng.standard_normal((side, side)), size_px)
    return noise / noise.std()


def detect(image, scope: Scope, rng) -> np.ndarray:
    if scope.tear_px > 0:
        x, y = coordinates(len(image))
        image = ndimage.map_coordinates(image, [y, x + rng.normal(0, scope.tear_px, len(image))[:, None]], order=1, mode="nearest")
    image = image * (1 + rng.normal(0, scope.line_noise, len(image))[:, None])
    counts = rng.poisson(np.maximum(image, 0) * scope.dose) + rng.normal(0, scope.read_noise * np.sqrt(scope.dose) * 0.3, image.shape)
    grey = 2000 + counts / scope.dose * 12000
    return np.clip(np.round(grey), 0, 65535).astype(np.uint16)


def random_scope(rng, period_px: float) -> Scope:
    def maybe(chance, value):
        return value if rng.random() < chance else 0.0

    return Scope(probe_px=rng.uniform(0.1, 0.17) * period_px, defocus=maybe(0.5, rng.uniform(0.05, 0.4)), ellipticity=rng.uniform(1.0, 1.15),
                 dose=float(np.exp(rng.uniform(np.log(20), np.log(400)))), read_noise=rng.uniform(0, 1), line_noise=maybe(0.4, rng.uniform(0, 0.02)),
                 tear_px=maybe(0.5, rng.uniform(0.1, 0.6)), wedge=maybe(0.6, rng.uniform(0.05, 0.35)), carbon=maybe(0.2, rng.uniform(0.05, 0.2)),
                 direction_deg=rng.uniform(0, 360))


def scene(kind: str, seed, side: int = 512) -> Scene:
    rng = np.random.default_rng(seed)
    lattice = "perovskite" if kind in ("stack", "pocket", "capped") and rng.random() < 0.5 else rng.choice(list(LATTICES))
    period_px, angle_deg = float(np.exp(rng.uniform(np.log(10), np.log(24)))), float(rng.uniform(0, 90))
    disorder = None
    if kind == "gradient":  # order fades downwards; the truth ends where half of the thickness is amorphous
        middle, width = rng.uniform(0.4, 0.6) * side, rng.uniform(0.05, 0.15) * side
        _, y = coordinates(side)
        disorder = 1 / (1 + np.exp(-(y + wavy(rng, side, 0.04 * side)[None, :] - middle) / width))
        film = Solid(lattice, 1.0, contrast=rng.uniform(0.3, 0.5))
        label, solids, amorphous = np.ones((side, side), np.uint8), [film], [2]
    else:
        label, solids = {"stack": stack, "pocket": pocket, "wedge": wedge, "grains": grains, "single": single, "capped": capped}[kind](rng, side, str(lattice))
        amorphous = [k for k, s in enumerate(solids, 1) if s.lattice is None and not s.grains and (label == k).any()]
    scope = random_scope(rng, period_px)
    image = render(label, solids, scope, period_px, angle_deg, rng, disorder)
    truth = label if disorder is None else (1 + (disorder > 0.5)).astype(np.uint8)
    return Scene(kind, image, truth, amorphous, period_px, {"lattice": str(lattice), "angle_deg": angle_deg, "scope": scope})


def all_scenes(seed: int, share: float = 1.0, side: int = 512, kinds=tuple(KINDS)):
    """All scenes of some kinds, or a share of each; yields (name, scene)."""
    for number, (kind, count) in enumerate((KINDS | MORE_KINDS).items()):
        for k in range(max(1, round(count * share)) if kind in kinds else 0):
            yield f"{kind}_{k:02d}", scene(kind, [seed, number, k], side)
