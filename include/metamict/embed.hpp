// SPDX-License-Identifier: GPL-3.0-or-later
// Turns every chip into a vector of length 1 by an encoder.
#pragma once

#include "metamict/encoder.hpp"

namespace metamict {

/// One unit vector per chip, in node order.
struct Embeddings {
  RowMatrixXf rows_ND;  ///< N x D; every row has length 1
  EncoderIdentity encoder;
};

/// Embeds every chip of the grid and scales each row to length 1 (paper, section 3). Throws
/// ModelError with the chip's name when a row is zero or not finite.
Embeddings embed(const Micrograph& canonical, const ChipGrid& grid, Encoder& encoder,
                 Normalise normalise = Normalise::image, const Progress& progress = {});

}  // namespace metamict
