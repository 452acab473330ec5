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

struct ChipSizeOptions {
  std::optional<double> chip_size_px;  ///< given outright
  std::optional<double> lattice_nm;    ///< given lattice period; needs a pixel size
  double cells_per_chip = 4.0;         ///< a chip holds this many periods along each edge (paper, section 3)
  int threads = 1;                     ///< of the search for a lattice; never changes the result
};

struct ChipSize {
  double size_px = 0;              ///< edge of a chip in pixels of the image, maybe fractional
  std::optional<Lattice> lattice;  ///< what was measured, if it was
  std::string source;              ///< "given", "given lattice and pixel size", "measured lattice", "fallback"
  Notes notes;
};

/// Chip size in order of trust: given; from the given lattice and pixel size; four measured periods; a fallback (64 px,
/// or an eighth of the shorter side if that is smaller) with a note. Throws UsageError when lattice_nm is given and no
/// pixel size is known, InputError when the image is smaller than a chip.
ChipSize choose_chip_size(const Micrograph& micrograph, const ChipSizeOptions& options);

}  // namespace metamict
