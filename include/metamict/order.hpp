// SPDX-License-Identifier: GPL-3.0-or-later
// How ordered the lattice is, chip by chip: 0 = amorphous, 1 = a perfect crystal.
#pragma once

#include <limits>
#include <vector>

#include "metamict/chips.hpp"

namespace metamict {

/// Lattice-order index of each chip, N values in [0, 1]: the share of non-central power of its (windowed) power
/// spectrum that stands in sharp peaks, times the square root of how strongly the lattice modulates the grey against
/// the best ordered tenth of the image (method: section 8). Noise-corrected so that low dose alone does not read as
/// disorder. `dark` is the canonical grey of no signal; where it is not known, modulation is taken absolutely, not
/// relative to the chip's grey.
std::vector<float> measure_order(const Micrograph& canonical, const ChipGrid& grid, int threads = 1,
                                 double dark = -std::numeric_limits<double>::infinity());

/// The standardised grey that a raw grey of 0 has; minus infinity where raw greys are negative, so that 0 means
/// nothing.
double canonical_zero(const cv::Mat& raw, const cv::Mat& standardised);

/// From this order index on a region is called ordered (docs/quality.md: what the index reads over simulated disorder).
constexpr double ordered_from = 0.3;
constexpr bool is_ordered(double order) { return order >= ordered_from; }
/// And to this one without a lattice. What lies between is neither: order that fades, or chips across a border.
constexpr double disordered_to = ordered_from / 2;
constexpr bool is_disordered(double order) { return order <= disordered_to; }

}  // namespace metamict
