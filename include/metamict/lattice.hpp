// SPDX-License-Identifier: GPL-3.0-or-later
// The lattice period of a micrograph, measured in the image itself, and the size of a chip that
// follows from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metamict/micrograph.hpp"

namespace metamict {

/// The measured lattice. Its period is that of the smallest cell that repeats the image (the
/// primitive cell of the projection), whatever stands in that cell: sqrt(d1 d2) of the two shortest
/// independent reciprocal vectors g, d = 1 / |g|. Square: the cell's edge. Rectangle: the root of
/// its area. Hexagonal: the row spacing d10. A centred cell has the smaller cell of its centring:
/// diamond along <110> (a dumbbell at the corners and in the middle of a rectangle of a / sqrt 2
/// and a) has two {111} spacings and the period a / sqrt 3.
struct Lattice {
  double period_px;   ///< in pixels of the image; where these are not square, in their shorter edge
  double angle_deg;   ///< direction of the first reciprocal vector, [0, 180)
  double confidence;  ///< share of the image with this period, of all that repeats itself at all;
                      ///< (0, 1]
};

struct LatticeOptions {
  double min_period_px = 4.0;   ///< shorter periods are not looked for
  double max_period_px = 64.0;  ///< longer ones neither
  int threads = 1;              ///< of the search; never changes the result
};

/// What an image tells of its lattice: one period; or several that explain it alike, the likeliest
/// first; or none.
struct LatticeFinding {
  std::optional<Lattice> lattice;
  std::vector<double> candidates_px;  ///< empty where there is one period, or none
};

/// Measures the lattice period, robust to a part of the image being amorphous, to any rotation, to
/// low dose, to grains turned against each other and to a second lattice beside the first (the one
/// covering most wins, if it covers clearly more). Within 3 % for 6 to 40 px a period and eight
/// periods an edge. Noise, a smooth image and speckle have none. Where pixels are not square,
/// lattices are looked for in real proportions and measured in squares of a pixel's area.
LatticeFinding measure_lattice(const Micrograph& micrograph, const LatticeOptions& options = {});

/// The lattice where measure_lattice is sure of one.
std::optional<Lattice> find_lattice(const Micrograph& micrograph,
                                    const LatticeOptions& options = {});

}  // namespace metamict
