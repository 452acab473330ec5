// SPDX-License-Identifier: GPL-3.0-or-later
// 3x3 convolutions with a quarter of the multiplications.
#pragma once

#include <vector>

#include "encoder/resnet/operations.hpp"
#include "encoder/resnet/weights.hpp"

namespace metamict {

/// A 3x3 convolution of float32 maps with stride 1 and padding 1, then bias and ReLU, by Winograd's
/// algorithm F(4x4, 3x3) (Lavin and Gray 2016). Input tiles of 6x6 pixels, output tiles of 4x4, and
/// the weights are transformed. There a convolution is a product of channels for each of 36 places.
/// Sums are rounded otherwise than by the plain convolution: by about 1e-5 of the largest value.
class Winograd {
 public:
  Winograd(PackedWeights& store, const MapShape& in, const FoldedConv& conv);
  void run(Workspace& space, const float* in, float* out) const;

 private:
  MapShape in_;
  long out_channels_;
  Packed weights_;  // 36 x in x out
  std::vector<float> bias_;
};

}  // namespace metamict
