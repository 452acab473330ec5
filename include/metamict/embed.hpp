// SPDX-License-Identifier: GPL-3.0-or-later
// Turns every chip into a vector of length 1 by an encoder.
#pragma once

#include <optional>

#include "metamict/encoder.hpp"

namespace metamict {

/// How embeddings of many chips are kept small: by their shares in a few principal directions of
/// the encoder's features.
struct Reduction {
  RowMatrixXf directions_KD;  ///< of length 1, at right angles
  /// The scalar product of two kept rows differs from the cosine of the whole ones by at most this,
  /// over all pairs and in the mean over them. What a row loses has the length r, and two rows lose
  /// at most the product of their r.
  double largest_error = 0, mean_error = 0;
};

/// One vector per chip, in node order.
struct Embeddings {
  RowMatrixXf rows_ND;  ///< N x D, every row of length 1; N x K and no longer where reduced
  EncoderIdentity encoder;
  std::optional<Reduction> reduction;
};

/// Embeds every chip of the grid and scales each row to length 1 (paper, section 3). Throws
/// ModelError with the chip's name when a row is zero or not finite.
Embeddings embed(const Micrograph& canonical, const ChipGrid& grid, Encoder& encoder,
                 Normalise normalise = Normalise::image, const Progress& progress = {});

/// Rows like those of `embeddings` in all features of the encoder, so that they can be compared
/// with those of another image.
RowMatrixXf in_all_features(const Embeddings& embeddings, const RowMatrixXf& rows);

}  // namespace metamict
