# SPDX-License-Identifier: GPL-3.0-or-later
"""Crystals seen along a zone axis: two grains, dumbbells, two lattices. Made by numpy alone, with their true period."""
import dataclasses
import math

import numpy as np

PERIODS_PX = (6.0, 40.0)  # what find_lattice promises
FEWEST_PERIODS = 8  # along the edge of an image


@dataclasses.dataclass
class Crystal:
    """Two translations of the smallest cell and its columns: place in px, intensity; sigma of a column in px."""
    cell: np.ndarray  # rows are the translations (x, y)
    columns: list
    sigma_px: float
    name: str

    def period_px(self):
        """sqrt(d1 d2) of the two shortest independent reciprocal vectors, d = 1 / |g|: no matter which cell is drawn."""
        a, b = np.linalg.inv(self.cell).T
        while True:
            if a @ a > b @ b:
                a, b = b, a
            turns = round((a @ b) / (a @ a))
            if turns == 0:
                return 1 / math.sqrt(np.linalg.norm(a) * np.linalg.norm(b))
            b = b - turns * a

    def scaled_to(self, period_px):
        factor = period_px / self.period_px()
        columns = [(np.asarray(at) * factor, weight) for at, weight in self.columns]
        return Crystal(self.cell * factor, columns, self.sigma_px * factor, self.name)

    def turned(self, angle_deg):
        c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
        turn = np.array([[c, s], [-s, c]])
        return Crystal(self.cell @ turn, [(np.asarray(at) @ turn, weight) for at, weight in self.columns],
                       self.sigma_px, self.name)

    def draw(self, rows, cols, origin):
        """Gaussian columns; each counts within four sigma of it."""
        image = np.zeros((rows, cols))
        inverse = np.linalg.inv(self.cell)
        corners = (np.array([(x, y) for x in (-20, cols + 20) for y in (-20, rows + 20)]) - origin) @ inverse
        low, high = np.floor(corners.min(0)).astype(int) - 1, np.ceil(corners.max(0)).astype(int) + 1
        reach = int(math.ceil(4 * self.sigma_px))
        for i in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                for at, weight in self.columns:
                    x, y = origin + i * self.cell[0] + j * self.cell[1] + at
                    left, top = max(0, int(x) - reach), max(0, int(y) - reach)
                    right, bottom = min(cols, int(x) + reach + 2), min(rows, int(y) + reach + 2)
                    if left >= right or top >= bottom:
                        continue
                    across = np.exp(-((np.arange(left, right) - x) ** 2) / (2 * self.sigma_px ** 2))
                    down = np.exp(-((np.arange(top, bottom) - y) ** 2) / (2 * self.sigma_px ** 2))
                    image[top:bottom, left:right] += weight * down[:, None] * across
        return image


def simple_crystal(random):
    """One column a cell, or a weaker second one where real crystals have it."""
    kind = random.choice(["square", "perovskite", "hexagonal", "honeycomb", "rectangular"])
    sigma = random.uniform(0.11, 0.18)
    origin = (np.zeros(2), 1.0)
    if kind == "square":
        return Crystal(np.eye(2), [origin], sigma, kind)
    if kind == "perovskite":  # [100]: the B column in the middle
        return Crystal(np.eye(2), [origin, (np.array([0.5, 0.5]), random.uniform(0.15, 0.5))], sigma, kind)
    if kind == "rectangular":
        return Crystal(np.diag([1.0, random.uniform(1.05, 1.5)]), [origin], sigma, kind)
    cell = np.array([[1, 0], [0.5, math.sqrt(0.75)]])
    if kind == "hexagonal":
        return Crystal(cell, [origin], sigma, kind)
    middle = (cell[0] + cell[1]) / 3
    return Crystal(cell, [origin, (middle, random.uniform(0.3, 1.0))], min(sigma, 0.14), kind)


def dumbbells(random):
    """Two columns a motif, close together."""
    kind = random.choice(["diamond <110>", "zincblende <110>", "perovskite <110>", "pairs on a square"])
    weight = 1.0 if kind == "diamond <110>" else random.uniform(0.4, 0.9)
    if kind in ("diamond <110>", "zincblende <110>"):
        # Rectangle a/sqrt2 x a, centred: its smallest cell is the rhombus of half its diagonals; a pair is a/4 long.
        cell = np.array([[math.sqrt(0.125), 0.5], [-math.sqrt(0.125), 0.5]])
        return Crystal(cell, [(np.zeros(2), 1.0), (np.array([0, 0.25]), weight)], random.uniform(0.055, 0.085), kind)
    if kind == "perovskite <110>":  # the BO column half way between two AO columns along [001]
        cell = np.diag([math.sqrt(0.5), 1.0])
        return Crystal(cell, [(np.zeros(2), 1.0), (np.array([0.0, 0.5]), min(weight, 0.6))],
                       random.uniform(0.08, 0.13), kind)
    length, angle = random.uniform(0.28, 0.42), random.uniform(0, math.pi)
    pair = length * np.array([math.cos(angle), math.sin(angle)])
    return Crystal(np.eye(2), [(np.zeros(2), 1.0), (pair, random.uniform(0.4, 1.0))], random.uniform(0.08, 0.12), kind)


def border(random, rows, cols, share):
    """True on one side of a straight border in any direction that leaves it `share` of the image."""
    angle = random.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:rows, 0:cols]
    along = x * math.cos(angle) + y * math.sin(angle)
    return along <= np.quantile(along, share)


def draw_grain(random, crystal, angle_deg, rows, cols):
    turned = crystal.turned(angle_deg)
    image = turned.draw(rows, cols, random.uniform(0, 1, 2) @ turned.cell)
    return image / image.mean()


@dataclasses.dataclass
class Scene:
    image: np.ndarray
    period_px: float
    words: str


# Sigma 5, 13 and 17 about <100>, 7 about <111>, 3 about <110>: grains that share a lattice larger than either's.
COINCIDENCES_DEG = (36.87, 22.62, 28.07, 38.21, 70.53)
KINDS = ("two grains", "dumbbells", "two grains of dumbbells", "second lattice")


def make_scene(kind, edge_px, seed):
    """One image of a kind. Of two lattices the one that covers more is the truth."""
    random = np.random.default_rng(seed)
    rows, cols = edge_px, edge_px + int(random.integers(0, edge_px // 8))
    low, high = PERIODS_PX[0], min(PERIODS_PX[1], edge_px / FEWEST_PERIODS)
    period = math.exp(random.uniform(math.log(low), math.log(high)))
    pairs = kind in ("dumbbells", "two grains of dumbbells") or (kind == "second lattice" and random.random() < 0.5)
    crystal = (dumbbells if pairs else simple_crystal)(random).scaled_to(period)
    angle = random.uniform(0, 180)
    image = draw_grain(random, crystal, angle, rows, cols)
    words = f"{crystal.name}, {period:.2f} px at {angle:.0f} degrees"
    if kind in ("two grains", "two grains of dumbbells"):
        turn, share = random.choice([random.uniform(5, 45), random.choice(COINCIDENCES_DEG)]), random.uniform(0.5, 0.7)
        second = draw_grain(random, crystal, angle + turn, rows, cols)
        words += f", a second grain turned by {turn:.0f}"
    if kind == "second lattice":
        other = simple_crystal(random)
        ratio = random.choice([random.uniform(0.65, 0.9), random.uniform(1.1, 1.5)])
        other = other.scaled_to(max(low, min(high, period * ratio)))
        share = random.uniform(0.6, 0.75)
        turn = random.choice([0.0, random.uniform(0, 90)])  # grown on each other, or not
        second = draw_grain(random, other, angle + turn, rows, cols) * random.uniform(0.6, 1.6)
        words += f", beside it {other.name} of {other.period_px():.2f} px"
    if kind != "dumbbells":
        image = np.where(border(random, rows, cols, share), image, second)
        words += f", the first on {share:.0%}"
    image = image + random.uniform(0.1, 1.0)  # what lies under the columns
    counts = math.exp(random.uniform(math.log(15), math.log(300)))
    image = random.poisson(image * counts / image.mean())
    return Scene(image.astype(np.float32), period, f"{words}, {counts:.0f} electrons a pixel")
