// SPDX-License-Identifier: GPL-3.0-or-later
// The lattice that a chip shows, wherever in its cell the chip begins: what tells grains turned
// against each other apart.
#pragma once

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/matrix.hpp"
#include "metamict/micrograph.hpp"

namespace metamict {

/// Amplitude spectra of some chips under a Hann window, without the centre (slow changes of grey)
/// and the floor of white noise: N x D, each row of length 1 (0 where nothing is left). Invariant
/// to shifts and to grey; a rotation, another spacing and another motif change it. `canonical`: the
/// micrograph at the encoder's scale, standardised.
RowMatrixXf chip_spectra(const Micrograph& canonical, const ChipGrid& grid, const Nodes& chips,
                         int threads);

/// Of all chips.
inline RowMatrixXf chip_spectra(const Micrograph& canonical, const ChipGrid& grid, int threads) {
  return chip_spectra(canonical, grid, all_chips(grid), threads);
}

}  // namespace metamict
