// SPDX-License-Identifier: GPL-3.0-or-later
// The order index says how ordered the lattice of a chip is: 0 = amorphous, 1 = a perfect crystal.
#pragma once

#include <limits>
#include <vector>

#include "metamict/chips.hpp"
#include "metamict/progress.hpp"

namespace metamict {

/// Measures the order index of each chip, N values in [0, 1] (method: section 8). It is a product.
/// The first factor is the share of the chip's power spectrum, without its centre, that stands in
/// sharp peaks. The second is the square root of the lattice's modulation of the grey, relative to
/// the best ordered tenth of the image. The noise is taken off, so that a low dose alone does not
/// read as disorder. `dark` is the canonical grey of no signal. Where it is not known, modulation
/// is absolute and not relative to the chip's grey.
std::vector<float> measure_order(const Micrograph& canonical, const ChipGrid& grid, int threads = 1,
                                 double dark = -std::numeric_limits<double>::infinity(),
                                 const Progress& progress = {});

/// The standardised grey that a raw grey of 0 has. It is minus infinity where some raw grey is
/// negative, because 0 then does not mean "no signal".
double canonical_zero(const cv::Mat& raw, const cv::Mat& standardised);

/// A region is called ordered from this order index on (docs/quality.md shows the index over
/// simulated disorder).
constexpr double ordered_from = 0.3;
constexpr bool is_ordered(double order) { return order >= ordered_from; }
/// Up to this order index a region has no lattice. What lies between is neither: fading order, or
/// chips on a border.
constexpr double disordered_to = ordered_from / 2;
constexpr bool is_disordered(double order) { return order <= disordered_to; }

}  // namespace metamict
