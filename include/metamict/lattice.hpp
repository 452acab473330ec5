// SPDX-License-Identifier: GPL-3.0-or-later
// The lattice period of a micrograph, measured in the image itself, and the size of a chip that follows from it.
#pragma once

#include <optional>
#include <string>

#include "metamict/micrograph.hpp"

namespace metamict {

/// The measured lattice: the shortest pair of reciprocal vectors that explains the averaged local power spectra.
struct Lattice {
  double period_px;   ///< geometric mean of the two shortest lattice spacings d = 1/|g| (square: the cell edge;
                      ///< hexagonal: the row spacing d10), in pixels of the image
  double angle_deg;   ///< direction of the first reciprocal vector, [0, 180)
  double confidence;  ///< height of the peaks over the local background, in standard deviations of that background
};

struct LatticeOptions {
  double min_period_px = 4.0;   ///< shorter periods are not looked for
  double max_period_px = 64.0;  ///< longer ones neither
  int threads = 1;              ///< for scales side by side; never changes the result
};

/// Measures the lattice period, robust to a part of the image being amorphous, to any rotation, to low dose and to a
/// few lattices sharing the image (the one covering most wins). Within 3 % for 6 to 40 px a period. Empty when there is
/// no lattice: noise, a smooth image, speckle.
std::optional<Lattice> find_lattice(const Micrograph& micrograph, const LatticeOptions& options = {});

}  // namespace metamict
