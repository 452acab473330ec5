// SPDX-License-Identifier: GPL-3.0-or-later
// Chooses how large a chip is, in lattice periods (paper, section 3: a chip holds 4 x 4 unit
// cells).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metamict/lattice.hpp"

namespace metamict {

/// What the user says of the chips' size. Lengths in px are pixels of the image; where pixels are
/// not square, squares of the same area.
struct ChipSizeOptions {
  std::optional<double> chip_size_px;  ///< given outright
  std::optional<double> lattice_nm;    ///< given lattice period; needs a pixel size
  std::optional<double> stride_px;     ///< step between chips; a quarter of the chip unless given

  /// Throws UsageError.
  void check() const;
};

struct ChipSize {
  double size_px = 0;              ///< edge of a chip in pixels of the image, maybe fractional
  std::optional<Lattice> lattice;  ///< what was measured, if it was
  std::vector<double>
      lattice_candidates_px;  ///< where the period is uncertain: the likeliest first
  std::string source;  ///< "given", "given lattice and pixel size", "measured lattice", "likeliest
                       ///< lattice", "fallback"
  Notes notes;
};

/// Takes the first size that is known: the given one; `cells_per_chip` (the encoder's) times the
/// given lattice period; as many times the measured period; or, with a note, 64 px (an eighth of
/// the shorter side where that is smaller, but at least 8 px). Throws UsageError when lattice_nm is
/// given and no pixel size is known, InputError when the image is smaller than a chip.
ChipSize choose_chip_size(const Micrograph& micrograph, const ChipSizeOptions& options,
                          double cells_per_chip = 4, int threads = 1);

}  // namespace metamict
