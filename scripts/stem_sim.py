# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated STEM-HAADF micrographs: lattices, disorder, textures and the microscope that looks at them.

A projected, incoherent model: a column is a point whose strength goes as Z^1.7, the image is the object blurred by the
probe, scaled to counts, and read by a detector. Lengths are in pixels, angles in degrees, greys relative to the parent
lattice unless a name says otherwise. Needs numpy and scipy only.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy import fft, ndimage

Z_EXPONENT = 1.7  # high-angle scattering of a column (Pennycook); 1.6 to 1.8 depending on the inner angle
MARGIN_PX = 24    # canvas beyond the image, so that neither the periodic blur nor the scan jitter sees an edge


def standardise(image: np.ndarray) -> np.ndarray:
    """Mean 0, standard deviation 1 after clipping at the 0.1 and 99.9 percentiles; float32."""
    image = np.asarray(image, dtype=np.float64)
    low, high = np.percentile(image, (0.1, 99.9))
    clipped = np.clip(image, low, high)
    spread = clipped.std()
    return ((clipped - clipped.mean()) / (spread if spread > 0 else 1.0)).astype(np.float32)


# --- lattices ---------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Lattice:
    """A projected crystal: cell vectors in units of the period, basis in fractions of the cell, strength per column."""
    family: str
    cell: np.ndarray       # [2,2], rows are the vectors (x, y)
    basis: np.ndarray      # [K,2]
    strength: np.ndarray   # [K], the strongest is 1
    symmetry_deg: float    # rotation after which the lattice looks the same

    @property
    def density(self) -> float:
        """Strength per period squared."""
        return float(self.strength.sum() / abs(np.linalg.det(self.cell)))

    @property
    def weak_ratio(self) -> float:
        """The other columns' share of the strength: tells a lattice with weak B columns from one with strong ones."""
        return float(1.0 - self.strength.max() / self.strength.sum())


def z_strength(z: float) -> float:
    return float(z) ** Z_EXPONENT


def make_lattice(family: str, atomic_numbers=(38, 22), ratio: float = 1.0, dumbbell: float = 0.25) -> Lattice:
    """family: square, perovskite, perovskite110, rectangular, hexagonal, honeycomb, dumbbell or oblique."""
    z_a, z_b = atomic_numbers[0], atomic_numbers[-1]
    weak = z_strength(z_b) / z_strength(z_a)
    half = [0.5, 0.5]
    if family == "hexagonal":
        return _lattice(family, [[1, 0], [0.5, np.sqrt(0.75)]], [[0, 0]], [1], 60)
    if family == "honeycomb":
        return _lattice(family, [[1, 0], [0.5, np.sqrt(0.75)]], [[0, 0], [1 / 3, 1 / 3]], [1, weak], 60 if weak > 0.9 else 120)
    if family == "perovskite":
        return _lattice(family, [[1, 0], [0, ratio]], [[0, 0], half], [1, weak], 90 if abs(ratio - 1) < 0.06 else 180)
    if family == "perovskite110":
        return _lattice(family, [[1, 0], [0, 1.414]], [[0, 0], half, [0, 0.5]], [1, weak, 0.12], 180)
    if family == "dumbbell":
        pair = [[0, -dumbbell / 2], [0, dumbbell / 2]]
        return _lattice(family, [[1, 0], [0, 1.414]], pair + [[0.5, 0.5 + p[1]] for p in pair], [1, weak] * 2, 180)
    if family == "rectangular":
        return _lattice(family, [[1, 0], [0, ratio]], [[0, 0], half], [1, weak], 180)
    if family == "oblique":
        return _lattice(family, [[1, 0], [0.25, ratio]], [[0, 0]], [1], 180)
    return _lattice("square", [[1, 0], [0, ratio]], [[0, 0]], [1], 90 if abs(ratio - 1) < 0.06 else 180)


def _lattice(family, cell, basis, strength, symmetry_deg) -> Lattice:
    strength = np.asarray(strength, float)
    return Lattice(family, np.asarray(cell, float), np.asarray(basis, float), strength / strength.max(), float(symmetry_deg))


def lattice_points(lattice: Lattice, placing: "Placing", shape) -> tuple[np.ndarray, np.ndarray]:
    """Positions (x, y) in px of every column over a canvas, and their strengths."""
    angle = np.deg2rad(placing.angle_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    vectors = lattice.cell @ turn @ placing.shear * placing.period_px
    corners = np.array([[0, 0], [shape[1], 0], [0, shape[0]], [shape[1], shape[0]]]) - placing.origin_px
    inverse = np.linalg.inv(vectors)
    reach = corners @ inverse
    low, high = np.floor(reach.min(0)) - 1, np.ceil(reach.max(0)) + 2
    i, j = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]), indexing="ij")
    nodes = np.stack([i.ravel(), j.ravel()], 1)
    points = ((nodes[:, None, :] + lattice.basis[None]) @ vectors).reshape(-1, 2) + placing.origin_px
    strength = np.tile(lattice.strength, len(nodes))
    inside = np.all((points > -4) & (points < np.array([shape[1], shape[0]]) + 4), axis=1)
    return points[inside], strength[inside]


@dataclass(frozen=True)
class Placing:
    """Where a lattice lies: period, rotation, origin and the small shear that stage drift gives the whole image."""
    period_px: float
    angle_deg: float = 0.0
    origin_px: np.ndarray = field(default_factory=lambda: np.zeros(2))
    shear: np.ndarray = field(default_factory=lambda: np.eye(2))


def splat(points: np.ndarray, strength: np.ndarray, shape) -> np.ndarray:
    """Points as unit masses on a pixel grid, with bilinear weights."""
    rows, cols = shape
    x, y = points[:, 0], points[:, 1]
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - x0, y - y0
    out = np.zeros(rows * cols)
    for dx, dy, weight in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
        xi, yi = x0 + dx, y0 + dy
        keep = (xi >= 0) & (xi < cols) & (yi >= 0) & (yi < rows)
        out += np.bincount(yi[keep] * cols + xi[keep], weights=(strength * weight)[keep], minlength=rows * cols)
    return out.reshape(shape).astype(np.float32)


# --- textures ---------------------------------------------------------------------------------------------------------

def frequencies(shape) -> tuple[np.ndarray, np.ndarray]:
    return (fft.fftfreq(shape[0])[:, None].astype(np.float32), fft.rfftfreq(shape[1])[None, :].astype(np.float32))


def ring_transfer(shape, spacing_px: float, sharpness: float) -> np.ndarray:
    """Fourier amplitude of an amorphous film in projection: short-range order as a ring at 1/spacing over the white
    noise of many overlapping atoms; sharpness is the ring's share."""
    ky, kx = frequencies(shape)
    k = np.hypot(kx, ky) * spacing_px
    ring = np.exp(-0.5 * ((k - 1.0) / 0.22) ** 2)
    suppressed = k**2 / (0.25 + k**2)  # a dense film has few long waves
    return sharpness * ring + (1 - sharpness) * suppressed


def speckle(rng, transfer: np.ndarray, probe_hat: np.ndarray, sd: float, shape) -> np.ndarray:
    """Gaussian noise of mean 0 with a Fourier amplitude, scaled to the standard deviation sd *after* the probe."""
    seen = np.sqrt(np.mean((transfer * probe_hat) ** 2))
    raw = np.sqrt(np.mean(transfer**2))
    noise = fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    noise[0, 0] = 0
    gain = min(sd / max(seen, 1e-9), 4.0 / max(raw, 1e-9))  # finer than the probe resolves: let it vanish
    return fft.irfft2(noise * transfer.astype(np.float32), s=shape) * np.float32(gain)


def smooth_noise(rng, shape, length_px: float) -> np.ndarray:
    """Slowly varying noise, standard deviation 1: Gaussian bumps about length_px wide on a jittered grid."""
    step = 1.25 * length_px
    def bumps(size: int) -> np.ndarray:
        centres = np.arange(-2, size / step + 3)[None, :] * step + rng.uniform(0, step)
        return np.exp(-0.5 * ((np.arange(size)[:, None] - centres) / length_px) ** 2).astype(np.float32)
    rows, cols = bumps(shape[0]), bumps(shape[1])
    noise = rows @ rng.standard_normal((rows.shape[1], cols.shape[1]), dtype=np.float32) @ cols.T
    noise -= noise.mean()
    return noise / max(float(noise.std()), 1e-9)


def mottle(rng, shape, grain_px: float, contrast: float, fringe: float = 0.0) -> np.ndarray:
    """A sputtered polycrystal whose grains channel more or less: cellular patches, some with fringes; mean 1."""
    coarse = smooth_noise(rng, shape, 0.5 * grain_px)
    fine = smooth_noise(rng, shape, max(0.17 * grain_px, 1.0))
    texture = np.exp(contrast * (0.8 * np.tanh(1.5 * coarse) + 0.45 * fine))
    if fringe > 0:
        y, x = np.ogrid[0:shape[0], 0:shape[1]]
        for _ in range(4):
            angle, wave_px = rng.uniform(0, np.pi), rng.uniform(5.5, 9.0)
            phase = 2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / wave_px
            where = np.clip(smooth_noise(rng, shape, 0.6 * grain_px) - 0.6, 0, 1)
            texture = texture + fringe * where * np.cos(phase)
    return texture / texture.mean()


# --- what fills a region ----------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Material:
    """kind: lattice, amorphous, mottled or void. disorder = 1 - (1 - mixture) exp(-2 pi^2 displacement^2)."""
    kind: str
    grey: float
    lattice: Lattice | None = None
    turn_deg: float = 0.0           # against the reference lattice
    mixture: float = 0.0            # share of the thickness that is amorphous
    displacement: float = 0.0       # rms per axis, in periods
    slices: int = 4                 # independent displacements through the thickness
    streak: float = 0.0             # length of a column smeared by a local tilt, in periods
    streak_deg: float = 0.0
    pedestal: float = 0.5           # share of the grey that carries no lattice
    speckle_sd: float = 0.05        # relative, as the probe sees it
    spacing: float = 0.7            # of the amorphous short-range order, in periods
    sharpness: float = 0.5
    grain: float = 1.0              # of the mottle, in periods
    fringe: float = 0.0             # relative, of the mottle's lattice fringes
    vacancies: float = 0.0
    name: str = ""

    @property
    def disorder(self) -> float:
        if self.kind != "lattice":
            return 1.0
        return float(1.0 - (1.0 - self.mixture) * np.exp(-2.0 * np.pi**2 * self.displacement**2))


def object_of(material: Material, placing: Placing, probe_hat: np.ndarray, rng, shape) -> np.ndarray:
    """The material over the whole canvas before the probe has blurred it; mean about its grey."""
    if material.kind == "void":
        return np.full(shape, material.grey, np.float32)
    if material.kind == "mottled":
        return material.grey * mottle(rng, shape, material.grain * placing.period_px, material.speckle_sd, material.fringe)
    parts = np.zeros(shape, np.float32)
    glass = 1.0 if material.kind == "amorphous" else material.mixture
    if glass > 0:
        transfer = ring_transfer(shape, material.spacing * placing.period_px, material.sharpness)
        parts += glass * (1.0 + speckle(rng, transfer, probe_hat, material.speckle_sd, shape))
    if glass < 1:
        parts += (1.0 - glass) * _crystal(material, replace(placing, angle_deg=placing.angle_deg + material.turn_deg), rng, shape)
    return material.grey * parts


def _crystal(material: Material, placing: Placing, rng, shape) -> np.ndarray:
    points, strength = lattice_points(material.lattice, placing, shape)
    strength = strength * np.clip(rng.normal(1.0, 0.03, len(strength)), 0.5, 1.5)
    if material.vacancies > 0:
        kind = rng.choice([0.0, 0.5, 1.4], len(strength))  # missing, half full, another atom
        strength = np.where(rng.random(len(strength)) < material.vacancies, strength * kind, strength)
    slices = material.slices if material.displacement > 0 or material.streak > 0 else 1
    points = np.repeat(points, slices, axis=0)
    if material.streak > 0:
        points = points + _streaks(material, placing, points, slices)
    points = points + rng.normal(0.0, max(material.displacement, 0.004) * placing.period_px, points.shape)
    columns = splat(points, np.repeat(strength, slices) / slices, shape)
    return material.pedestal + (1.0 - material.pedestal) * columns * placing.period_px**2 / material.lattice.density


def _streaks(material: Material, placing: Placing, points: np.ndarray, slices: int) -> np.ndarray:
    """The slices of every column laid out along its tilt, which grows across the picture as a bent lamella's does."""
    angle = np.deg2rad(material.streak_deg)
    direction = np.array([np.cos(angle), np.sin(angle)])
    along = np.tile(np.linspace(-0.5, 0.5, slices), len(points) // slices)
    across = points @ direction[::-1]
    grows = (across - across.min()) / max(np.ptp(across), 1e-9)
    return (along * grows * material.streak * placing.period_px)[:, None] * direction


# --- geometry ---------------------------------------------------------------------------------------------------------

def soft_step(distance_px: np.ndarray, softness_px: float) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(distance_px / max(softness_px, 0.05), -40, 40)))


def random_mask(rng, shape, inner_px: float) -> np.ndarray:
    """A soft region: half plane, band, pocket, wedge or an irregular front; inner_px is the size of the picture."""
    rows, cols = shape
    y, x = np.ogrid[-rows / 2:rows / 2, -cols / 2:cols / 2]
    x, y = x.astype(np.float32), y.astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    u, v = x * np.cos(angle) + y * np.sin(angle), -x * np.sin(angle) + y * np.cos(angle)
    u, v = u - rng.uniform(-0.3, 0.3) * inner_px, v - rng.uniform(-0.3, 0.3) * inner_px
    shape_name = rng.choice(["half", "half", "band", "pocket", "pocket", "wedge", "patches"])
    if shape_name == "half":
        distance = u
    elif shape_name == "band":
        distance = rng.uniform(0.12, 0.25) * inner_px - np.abs(u)
    elif shape_name == "pocket":
        a, b = rng.uniform(0.16, 0.4, 2) * inner_px
        distance = (1 - np.hypot(u / a, v / b)) * min(a, b)
    elif shape_name == "wedge":
        opening = rng.uniform(0.3, 1.2)
        distance = u * np.sin(opening) - np.abs(v) * np.cos(opening)
    else:
        distance = (smooth_noise(rng, shape, rng.uniform(0.12, 0.25) * inner_px) + rng.normal(0, 0.3)) * 20.0
    if rng.random() < 0.65:
        distance = distance + smooth_noise(rng, shape, rng.uniform(4, 25)) * rng.uniform(1, 10)
    softness = rng.choice([rng.uniform(0.3, 2.0), rng.uniform(2.0, 8.0), rng.uniform(8.0, 30.0)], p=[0.65, 0.27, 0.08])
    return soft_step(distance, softness)


def paint_regions(rng, count: int, shape, inner) -> np.ndarray:
    """Up to count regions, each holding at least a twentieth of the picture; weights [R, rows, cols]."""
    weights = [np.ones(shape)]
    inner_px = inner[0].stop - inner[0].start
    for _ in range(3 * count):
        if len(weights) == count:
            break
        mask = random_mask(rng, shape, inner_px)
        trial = [w * (1 - mask) for w in weights] + [mask]
        if min(w[inner].mean() for w in trial) > 0.05 and min(w[inner].max() for w in trial) > 0.95:
            weights = trial
    return np.stack(weights)


def stacked_layers(rng, count: int, shape, inner) -> np.ndarray:
    """A film stack: count layers across a common direction, with rough borders."""
    rows, cols = shape
    angle = rng.normal(0, 0.15) + rng.choice([0, 0.5, 1, 1.5]) * np.pi
    y, x = np.ogrid[-rows / 2:rows / 2, -cols / 2:cols / 2]
    depth = (x * np.cos(angle) + y * np.sin(angle)).astype(np.float32)
    inner_px = inner[0].stop - inner[0].start
    shares = rng.dirichlet(np.full(count, 4.0)) * 0.7 + 0.3 / count
    borders = (np.cumsum(shares)[:-1] - 0.5) * inner_px
    weights, rest = [], np.ones(shape)
    for border in borders:
        rough = rng.uniform(0, 7) * smooth_noise(rng, shape, rng.uniform(5, 30)) if rng.random() < 0.7 else 0.0
        mask = soft_step(depth - border + rough, rng.uniform(0.4, 5.0))
        weights.append(rest * (1 - mask))
        rest = rest * mask
    return np.stack(weights + [rest])


def voronoi_cells(rng, count: int, shape, inner) -> np.ndarray:
    """Cells with sharp borders, as grains have them; every region is one cell or several."""
    rows, cols = shape
    cells = count + int(rng.integers(0, 4))
    y, x = np.ogrid[0:rows, 0:cols]
    seeds = rng.uniform(0, 1, (cells, 2)) * (inner[0].stop - inner[0].start) + inner[0].start
    bend = [4 * smooth_noise(rng, shape, 15) for _ in range(2)]
    distances = np.stack([(y - r + bend[0]) ** 2 + (x - c + bend[1]) ** 2 for r, c in seeds])
    owner = np.argmin(distances, axis=0)
    region_of = np.concatenate([np.arange(count), rng.integers(0, count, cells - count)])
    masks = np.stack([(region_of[owner] == r) for r in range(count)]).astype(np.float32)
    return ndimage.uniform_filter(masks, (0, 2, 2))


# --- the microscope ---------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Microscope:
    """Conditions shared by everything in one image."""
    probe_px: float                       # standard deviation at the sharpest place
    defocus: float = 0.0                  # relative growth of the probe across the picture
    defocus_before: float = 0.0           # relative growth at the side where it begins
    defocus_direction_deg: float = 0.0
    astigmatism: float = 0.0              # relative difference of the probe's two widths (or the blur of a tilt)
    astigmatism_deg: float = 0.0
    tail: float = 0.15                    # share of the probe in a halo three times as wide
    jitter_px: float = 0.0                # rms shift of a scan line
    drift_px: float = 0.0                 # rms of the slow sideways drift over the picture
    flicker: float = 0.0                  # rms relative brightness of a scan line
    flyback_px: float = 0.0               # pull at the start of every line
    flyback_length_px: float = 12.0
    wedge: float = 0.0                    # relative change of thickness across the picture
    wedge_direction_deg: float = 0.0
    thickness: float = 1.0                # grey factor of the picture's middle
    bend_deg: float = 0.0                 # rms local turn of the lattice, as strain or a slow stage drift makes it
    contamination: float = 0.0            # grey of the blotches
    contamination_length_px: float = 40.0
    counts: float = 100.0                 # detector counts per pixel at grey 1
    readout: float = 0.5                  # counts, rms
    dark: float = 0.0                     # counts
    saturation: float = np.inf            # grey at which the detector clips
    sampling: float = 1.0                 # pixels of the detector per pixel of the picture; below 1 the image was enlarged


def probe_transfer(scope: Microscope, shape, blur: float = 0.0) -> np.ndarray:
    """Fourier transform of the probe where defocus has widened it by the share blur."""
    ky, kx = frequencies(shape)
    angle = np.deg2rad(scope.astigmatism_deg)
    u, v = kx * np.cos(angle) + ky * np.sin(angle), -kx * np.sin(angle) + ky * np.cos(angle)
    wide = scope.probe_px * (1 + blur)
    spread = (u * wide * (1 + scope.astigmatism)) ** 2 + (v * wide) ** 2
    return (1 - scope.tail) * np.exp(-2 * np.pi**2 * spread) + scope.tail * np.exp(-18 * np.pi**2 * spread)


def ramp(shape, direction_deg: float) -> np.ndarray:
    """0 to 1 across the canvas along a direction."""
    angle = np.deg2rad(direction_deg)
    y, x = np.ogrid[0:shape[0], 0:shape[1]]
    t = x * np.cos(angle) + y * np.sin(angle)
    return ((t - t.min()) / (t.max() - t.min())).astype(np.float32)


def blur_by_probe(scene: np.ndarray, scope: Microscope) -> np.ndarray:
    """The probe's blur, with the focus drifting across the picture (three widths blended)."""
    spectrum = fft.rfft2(scene)
    if scope.defocus <= 0:
        return fft.irfft2(spectrum * probe_transfer(scope, scene.shape, scope.defocus_before), s=scene.shape)
    place = ramp(scene.shape, scope.defocus_direction_deg) * 2
    out = np.zeros(scene.shape, np.float32)
    for level in range(3):
        out += np.clip(1 - np.abs(place - level), 0, 1) * fft.irfft2(
            spectrum * probe_transfer(scope, scene.shape, scope.defocus_before + scope.defocus * level / 2), s=scene.shape)
    return out


def bent(image: np.ndarray, bend_deg: float, rng) -> np.ndarray:
    """The picture warped slowly, so that a lattice in it turns and stretches by about bend_deg from place to place."""
    length = rng.uniform(0.25, 0.6) * image.shape[0]
    pull = np.deg2rad(bend_deg) * length
    y, x = np.mgrid[0:image.shape[0], 0:image.shape[1]].astype(np.float32)
    at = [y + pull * smooth_noise(rng, image.shape, length), x + pull * smooth_noise(rng, image.shape, length)]
    return ndimage.map_coordinates(image, at, order=1, mode="reflect")


def scan_lines(image: np.ndarray, scope: Microscope, rng) -> np.ndarray:
    """Each row shifted by its own jitter; the beam's flyback pulls the first pixels of every row."""
    if scope.jitter_px <= 0 and scope.flyback_px <= 0 and scope.drift_px <= 0:
        return image
    rows, cols = image.shape
    shift = ndimage.gaussian_filter1d(rng.normal(0, 1, rows), rng.uniform(0.3, 2.0))
    shift *= scope.jitter_px / max(shift.std(), 1e-9)
    if scope.drift_px > 0:
        shift += scope.drift_px * smooth_noise(rng, (rows, 1), rows / 5)[:, 0]
    x = np.arange(cols)[None, :] + shift[:, None]
    if scope.flyback_px > 0:
        x = x + scope.flyback_px * np.exp(-np.clip(np.arange(cols) - MARGIN_PX, 0, None) / scope.flyback_length_px)[None, :]
    x = np.clip(x, 0, cols - 1.001)
    left = x.astype(int)
    share = x - left
    return np.take_along_axis(image, left, 1) * (1 - share) + np.take_along_axis(image, left + 1, 1) * share


def detect(grey: np.ndarray, scope: Microscope, rng) -> np.ndarray:
    """Counts of a detector: Poisson, readout, saturation. A sampling below 1 counts on a coarser grid and enlarges."""
    shape = grey.shape
    coarse = 0 < scope.sampling < 0.98
    if coarse:
        grey = ndimage.zoom(grey, scope.sampling, order=1, grid_mode=True, mode="nearest")
    counts = rng.poisson(np.clip(grey, 0, None) * scope.counts) + rng.normal(scope.dark, scope.readout, grey.shape)
    counts = np.clip(counts, 0, scope.saturation * scope.counts + scope.dark)
    if coarse:
        counts = ndimage.zoom(counts, (shape[0] / counts.shape[0], shape[1] / counts.shape[1]),
                              order=int(rng.choice([1, 3])), grid_mode=True, mode="nearest")
    return counts


def look(scene: np.ndarray, scope: Microscope, rng) -> np.ndarray:
    """An object on its canvas through the whole microscope; counts on the canvas."""
    grey = blur_by_probe(scene, scope)
    grey *= scope.thickness * (1 + scope.wedge * (ramp(grey.shape, scope.wedge_direction_deg) - 0.5))
    if scope.contamination > 0:
        blotches = np.clip(smooth_noise(rng, grey.shape, scope.contamination_length_px) + 0.3, 0, None)
        grey = grey * (1 - 0.7 * scope.contamination * np.tanh(blotches)) + scope.contamination * blotches
    grey = scan_lines(grey, scope, rng)
    if scope.flicker > 0:
        grey = grey * (1 + rng.normal(0, scope.flicker, (grey.shape[0], 1)))
    return detect(grey, scope, rng)


# --- similarity of regions --------------------------------------------------------------------------------------------

def _lattice_difference(a: Material, b: Material) -> float:
    if a.lattice is None or b.lattice is None:
        return 0.0
    turn = abs(a.turn_deg - b.turn_deg) % a.lattice.symmetry_deg
    turn = min(turn, a.lattice.symmetry_deg - turn)
    misorientation = 0.8 * (1 - np.exp(-(max(turn - 4.0, 0.0) / 6.0) ** 2))
    if a.lattice.family != b.lattice.family:
        return max(0.9, misorientation)
    scale = abs(np.log(abs(np.linalg.det(a.lattice.cell)) / abs(np.linalg.det(b.lattice.cell))))
    motif = 0.8 * min(abs(a.lattice.weak_ratio - b.lattice.weak_ratio), 0.5) + min(1.5 * scale, 0.5)
    return motif + misorientation


def material_similarity(a: Material, b: Material) -> float:
    """Graded likeness in (0, 1]: order first, then lattice, then composition, which for glasses counts least."""
    order = np.sqrt((1 - a.disorder) * (1 - b.disorder))
    distance = 2.2 * abs(a.disorder - b.disorder) ** 1.5
    distance += order * _lattice_difference(a, b)
    contrast = abs(np.log(max(a.grey, 0.02) / max(b.grey, 0.02)))
    distance += (0.45 + 0.85 * order) * 1.5 * np.tanh(contrast / 1.5)
    texture = {"lattice": 0, "amorphous": 0, "mottled": 1, "void": 2}
    if texture[a.kind] != texture[b.kind]:
        distance += 1.0 * min(a.disorder, b.disorder)
    return float(max(np.exp(-1.7 * distance), 0.01))


def similarity_matrix(materials: list[Material]) -> np.ndarray:
    scores = np.array([[material_similarity(a, b) for b in materials] for a in materials], dtype=np.float32)
    np.fill_diagonal(scores, 1.0)
    return scores


# --- training scenes --------------------------------------------------------------------------------------------------

@dataclass
class TrainingScene:
    image: np.ndarray       # float32 [H,W], grey counts as a detector would give (not standardised)
    weights: np.ndarray     # float32 [R,H,W], soft membership of each pixel in region r (sums to 1)
    similarity: np.ndarray  # float32 [R,R], target likeness of the regions in [0,1], diagonal 1
    disorder: np.ndarray    # float32 [R], 0 = perfect crystal .. 1 = no lattice
    info: dict              # what it is, for debugging


def random_lattice(rng) -> Lattice:
    family = rng.choice(["perovskite", "square", "rectangular", "hexagonal", "honeycomb", "dumbbell", "perovskite110", "oblique"],
                        p=[0.34, 0.08, 0.1, 0.12, 0.09, 0.15, 0.08, 0.04])
    ratio = rng.uniform(0.97, 1.04) if family in ("perovskite", "square") else rng.uniform(1.0, 1.6)
    z_a, z_b = _random_atoms(rng, family)
    return make_lattice(family, (z_a, z_b), ratio, rng.uniform(0.2, 0.3))


def _random_atoms(rng, family):
    if family == "dumbbell":
        return [(14, 14), (32, 32), (31, 33), (48, 52), (33, 31), (49, 15)][rng.integers(6)]
    heavy = rng.choice([38, 38, 39, 56, 57, 57, 60, 82])
    if family == "honeycomb" and rng.random() < 0.6:  # MoS2, WSe2, graphene: a metal and two chalcogens, or equal columns
        return [(42, 23), (74, 50), (74, 34), (42, 34), (6, 6), (42, 50)][rng.integers(6)]
    return heavy, rng.choice([8, 13, 21, 22, 22, 25, 26, 26, 28, 40, 41, 47])


def coherent_partner(rng, lattice: Lattice) -> Lattice:
    """Same in-plane period, other columns, a slightly other spacing out of plane."""
    cell = lattice.cell.copy()
    cell[1] *= rng.normal(1.0, 0.012)
    strength = lattice.strength.copy()
    strength[1:] = np.clip(strength[1:] * np.exp(rng.normal(0, 0.5)), 0.02, 1.0)
    return replace(lattice, cell=cell, strength=strength)


def disordered(rng, material: Material, level: float) -> Material:
    """The material at a degree of disorder, part by mixture through the thickness, part by displaced columns."""
    share = rng.choice([0.0, 1.0, rng.random()])
    mixture = 1 - (1 - level) ** share
    left = max((1 - level) / max(1 - mixture, 1e-9), 1e-9)
    displacement = np.sqrt(max(-np.log(left), 0) / (2 * np.pi**2))
    return replace(material, mixture=mixture, displacement=displacement, slices=int(rng.integers(2, 9)))


def amorphous_form(rng, material: Material, grey_low: float = 0.45, grey_high: float = 1.05) -> Material:
    return replace(material, kind="amorphous", grey=material.grey * rng.uniform(grey_low, grey_high), name="amorphous",
                   speckle_sd=float(np.exp(rng.uniform(np.log(0.01), np.log(0.13)))))


def random_materials(rng) -> list[Material]:
    """What one scene is made of, parent lattice first."""
    lattice = random_lattice(rng)
    low = 0.02 if lattice.family in ("honeycomb", "hexagonal") and rng.random() < 0.5 else 0.2  # a sheet stands on nothing
    parent = Material("lattice", 1.0, lattice, pedestal=rng.uniform(low, 0.75), spacing=rng.uniform(0.5, 0.85),
                      sharpness=rng.uniform(0.1, 0.9), speckle_sd=rng.uniform(0.02, 0.1), name="parent")
    parent = disordered(rng, parent, rng.uniform(0.0, 0.12))
    if rng.random() < 0.2:
        parent = replace(parent, vacancies=rng.uniform(0.005, 0.06))
    if rng.random() < 0.25:
        parent = replace(parent, streak=rng.uniform(0.1, 0.45), streak_deg=rng.uniform(0, 360), slices=6)
    extras = []
    if rng.random() < 0.65:
        extras.append(amorphous_form(rng, parent))
    second = replace(parent, lattice=coherent_partner(rng, parent.lattice), grey=rng.uniform(0.35, 0.95),
                     pedestal=float(np.clip(parent.pedestal + rng.normal(0, 0.1), 0.15, 0.8)), name="second")
    if rng.random() < 0.55:
        extras.append(second)
    if rng.random() < 0.35:
        half = disordered(rng, parent, rng.uniform(0.2, 0.85))
        extras.append(replace(half, grey=rng.uniform(0.6, 1.05), name="partial"))
    if rng.random() < 0.4:
        extras.append(Material("mottled", rng.uniform(1.3, 3.0), grain=rng.uniform(0.3, 2.5), speckle_sd=rng.uniform(0.03, 0.25),
                               fringe=rng.uniform(0, 0.3) if rng.random() < 0.4 else 0.0, name="cap"))
    extras += [m for m, p in _odd_materials(rng, parent, second) if rng.random() < p]
    rng.shuffle(extras)
    chosen = [parent] + extras
    if rng.random() < 0.1:
        solid = [m for m in chosen if m.kind != "void"]
        chosen = [solid[rng.integers(len(solid))]]
    return chosen[:6]


def _odd_materials(rng, parent: Material, second: Material):
    """Rarer company, each with its chance."""
    twinned = parent.lattice.family in ("perovskite110", "dumbbell") and rng.random() < 0.5
    turn_deg = 70.53 if twinned else rng.uniform(8, 45)  # a mirror plane {111} seen along <110>, or a tilt boundary
    grain = replace(parent, turn_deg=turn_deg * rng.choice([-1, 1]), grey=rng.uniform(0.92, 1.08), name="twin" if twinned else "grain")
    thicker = replace(parent, grey=rng.choice([0.5, 2.0]) * rng.uniform(0.9, 1.1), name="another number of layers")
    other = replace(parent, lattice=random_lattice(rng), turn_deg=rng.uniform(-45, 45), grey=rng.uniform(0.4, 1.6), name="other lattice")
    glass = amorphous_form(rng, second)
    worse = replace(disordered(rng, second, rng.uniform(0.2, 0.8)), name="partial second")
    void = Material("void", rng.uniform(0.0, 0.08), name="vacuum")
    carbon = replace(amorphous_form(rng, parent, 0.05, 0.3), name="carbon", spacing=rng.uniform(0.3, 0.6))
    return [(grain, 0.4), (other, 0.22), (glass, 0.12), (worse, 0.1), (void, 0.07), (carbon, 0.12), (thicker, 0.06)]


def random_period_px(rng) -> float:
    sigma = 0.13 if rng.random() < 0.85 else 0.4
    return float(np.clip(16.0 * np.exp(rng.normal(0, sigma)), 8.0, 32.0))


def random_microscope(rng, period_px: float, brightest: float) -> Microscope:
    def maybe(chance, value):
        return value if rng.random() < chance else 0.0

    probe_px = max(rng.uniform(0.11, 0.21) * period_px, 0.9)
    astigmatism = maybe(0.5, rng.uniform(0, 0.5))
    room = 0.28 * period_px / (probe_px * (1 + 0.6 * astigmatism)) - 1  # beyond it no lattice is seen, whatever the truth
    return Microscope(
        probe_px=probe_px, tail=rng.uniform(0.0, 0.3),
        defocus=maybe(0.5, min(rng.uniform(0.1, 0.9), max(room, 0.0))), defocus_direction_deg=rng.uniform(0, 360),
        astigmatism=astigmatism, astigmatism_deg=rng.uniform(0, 180), flicker=maybe(0.4, rng.uniform(0, 0.03)),
        jitter_px=maybe(0.7, rng.uniform(0.05, 0.8)), flyback_px=maybe(0.1, rng.uniform(1, 8)), flyback_length_px=rng.uniform(4, 25),
        wedge=maybe(0.7, rng.uniform(0, 0.5)), wedge_direction_deg=rng.uniform(0, 360),
        contamination=maybe(0.25, rng.uniform(0.03, 0.2)), contamination_length_px=rng.uniform(1.5, 5) * period_px,
        bend_deg=maybe(0.35, rng.uniform(0.3, 3.0)), counts=float(np.exp(rng.uniform(np.log(3), np.log(500)))), readout=rng.uniform(0.1, 1.5), dark=maybe(0.5, rng.uniform(0, 20)),
        saturation=brightest * rng.uniform(0.8, 1.1) if rng.random() < 0.3 else np.inf,
        sampling=rng.uniform(0.5, 1.0) if rng.random() < 0.6 else 1.0)


def crop_microscope(rng, scope: Microscope) -> Microscope:
    """The microscope as it stands over one small part of a large micrograph: the drifts have gone some way."""
    share = rng.uniform(0.15, 1.0)
    before = rng.uniform(0, 1 - share)
    sign = rng.choice([-1, 1])
    return replace(
        scope, defocus=scope.defocus * share, defocus_before=scope.defocus * before, defocus_direction_deg=scope.defocus_direction_deg,
        wedge=scope.wedge * share * sign, thickness=1 + scope.wedge * (before + share / 2 - 0.5) * sign,
        contamination=scope.contamination * rng.uniform(0, 1.5), bend_deg=scope.bend_deg)


def training_micrograph(rng: np.random.Generator, size_px: int = 192, views: int = 2, period_px: float | None = None) -> list[TrainingScene]:
    """Random crops of one micrograph of one to six regions at the canonical scale, with what is true of them.

    The crops share materials, orientation, dose and detector, and lie anywhere: focus, thickness and contamination have
    drifted between them, noise and lattice origin are others, and not every region is in every crop. So pairs of windows from two
    crops are the far pairs of a large image. All crops hold weights for all regions.
    """
    period = random_period_px(rng) if period_px is None else float(period_px)
    side = fft.next_fast_len(size_px + 2 * MARGIN_PX, real=True)
    shape, inner = (side, side), (slice(MARGIN_PX, MARGIN_PX + size_px),) * 2
    materials = random_materials(rng)
    layout = rng.choice([stacked_layers, paint_regions, voronoi_cells], p=[0.35, 0.5, 0.15])
    angle_deg = rng.uniform(0, 360)
    if period_px is None and rng.random() < 0.3:  # chips a whole number of cells apart: no phase tells them apart
        period, angle_deg = 16.0 * np.exp(rng.normal(0, 0.008)), rng.choice([0, 90, 45]) + rng.normal(0, 0.7)
    scope = random_microscope(rng, period, max(m.grey for m in materials))
    shear = np.eye(2) + rng.normal(0, 0.012, (2, 2))
    crops = []
    for view in range(views):
        here = list(rng.permutation(len(materials)))  # the parent must not always be the background
        if view > 0 and len(here) > 1:
            here = here[: rng.integers(max(1, len(here) // 2), len(here) + 1)]
        drawn = layout(rng, len(here), shape, inner) if len(here) > 1 else np.ones((1,) + shape)
        weights = np.zeros((len(materials),) + shape, np.float32)
        weights[here[:len(drawn)]] = drawn
        local = crop_microscope(rng, scope) if views > 1 else scope
        placing = Placing(period, angle_deg, rng.uniform(0, side, 2), shear)
        probe_hat = probe_transfer(local, shape, local.defocus_before + 0.5 * local.defocus)
        scene = sum(weights[k] * object_of(materials[k], placing, probe_hat, rng, shape) for k in here[:len(drawn)])
        if local.bend_deg > 0:
            scene = bent(scene, local.bend_deg, rng)
        crops.append(TrainingScene(
            image=look(scene, local, rng)[inner].astype(np.float32), weights=weights[(slice(None),) + inner],
            similarity=similarity_matrix(materials), disorder=np.array([m.disorder for m in materials], np.float32),
            info={"names": [m.name for m in materials], "period_px": period, "greys": [m.grey for m in materials],
                  "layout": layout.__name__, "microscope": local}))
    return crops


def training_scene(rng: np.random.Generator, size_px: int = 192, period_px: float | None = None) -> TrainingScene:
    """One crop that is the whole micrograph."""
    return training_micrograph(rng, size_px, 1, period_px)[0]
