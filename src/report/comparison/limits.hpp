// SPDX-License-Identifier: GPL-3.0-or-later
// How far two results may differ and still be called the same.
#pragma once

#include <array>

namespace metamict {

/// A change of processor stays well inside the defaults (docs/ci.md).
struct CompareLimits {
  double min_ari = 0.98;          ///< of the label maps of one rule
  double max_share = 0.01;        ///< change of a region's share of the image
  double max_order = 0.05;        ///< change of a region's order index
  double max_amorphous = 0.01;    ///< change of the film's amorphous share
  double max_shift_cells = 0.25;  ///< change of the front's mean depth, in lattice periods
  double max_shift_nm = -1;       ///< the same in nm, in place of cells; below 0 = not given

  /// Throws UsageError.
  void check() const;
};

/// An option of `compare`, and the limit that it sets.
struct CompareLimit {
  const char* option;
  double CompareLimits::*value;
  const char* shown_default;
  const char* help;
};

inline constexpr std::array compare_limits = {
    CompareLimit{"min-ari", &CompareLimits::min_ari, "0.98",
                 "Least adjusted Rand index of two label maps of one rule"},
    CompareLimit{"max-share", &CompareLimits::max_share, "0.01",
                 "Largest change of a region's share of the image"},
    CompareLimit{"max-order", &CompareLimits::max_order, "0.05",
                 "Largest change of a region's order index"},
    CompareLimit{"max-amorphous", &CompareLimits::max_amorphous, "0.01",
                 "Largest change of the amorphous share of the film (series)"},
    CompareLimit{"max-shift-cells", &CompareLimits::max_shift_cells, "0.25",
                 "Largest change of the front's mean depth, in lattice periods (series)"},
    CompareLimit{"max-shift-nm", &CompareLimits::max_shift_nm, "as --max-shift-cells",
                 "Largest change of the front's mean depth in nm (series)"}};

}  // namespace metamict
