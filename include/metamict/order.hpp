// SPDX-License-Identifier: GPL-3.0-or-later
// How ordered the lattice is, chip by chip: 0 = amorphous, 1 = a perfect crystal.
#pragma once

#include <vector>

#include "metamict/chips.hpp"

namespace metamict {

/// Lattice-order index of each chip: the share of non-central power of its (windowed) power spectrum that stands in sharp
/// peaks, in [0, 1]; noise-corrected so that low dose alone does not read as disorder (method: section 8). N values.
std::vector<float> measure_order(const Micrograph& canonical, const ChipGrid& grid, int threads = 1);

}  // namespace metamict
