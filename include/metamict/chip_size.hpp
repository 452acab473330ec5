// SPDX-License-Identifier: GPL-3.0-or-later
// How large a chip is: a whole number of lattice periods (paper, section 3: 4 x 4 unit cells).
#pragma once

#include <optional>
#include <string>

#include "metamict/lattice.hpp"

namespace metamict {

/// Lengths in pixels of the image; of squares of the same area where pixels are not square.
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
  std::string source;              ///< "given", "given lattice and pixel size", "measured lattice", "fallback"
  Notes notes;
};

/// Chip size in order of trust: given; from the given lattice and pixel size; `cells_per_chip` (the encoder's) measured
/// periods; a fallback (64 px,
/// or an eighth of the shorter side if that is smaller) with a note. Throws UsageError when lattice_nm is given and no
/// pixel size is known, InputError when the image is smaller than a chip.
ChipSize choose_chip_size(const Micrograph& micrograph, const ChipSizeOptions& options, double cells_per_chip = 4,
                          int threads = 1);

}  // namespace metamict
