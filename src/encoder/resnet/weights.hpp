// SPDX-License-Identifier: GPL-3.0-or-later
// Recognises a ResNet50's weights by name and shape, and folds its batch normalisation into its
// convolutions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace metamict {

/// A tensor that somebody else owns, in row-major order. `data` is set for float32, `half` for half
/// precision, and neither for other types.
struct TensorView {
  std::vector<std::int64_t> shape;
  const float* data = nullptr;
  const std::uint16_t* half = nullptr;
};
using StateDict =
    std::map<std::string, TensorView>;  ///< by torchvision's names, "layer1.0.conv1.weight"

/// One convolution with bias, made of a convolution without bias and the batch normalisation after
/// it.
struct FoldedConv {
  int in = 0, out = 0, kernel = 1;
  std::vector<float> weights_OHWI;
  std::vector<float> bias_O;
};

/// Convolutions: 1x1 to fewer channels, 3x3 with the stride, 1x1 to more. Their result is added to
/// the shortcut.
struct FoldedBottleneck {
  FoldedConv reduce, spatial, expand;
  std::optional<FoldedConv>
      shortcut;  ///< projects the input; without it the input itself is the shortcut
  int stride = 1;
};

/// torchvision's resnet50 up to its last map, in version 1.5, which has the stride in the 3x3
/// convolutions.
struct FoldedResnet {
  FoldedConv stem;  ///< 7x7, stride 2, 3 -> 64; followed by a 3x3 maximum with stride 2
  std::array<std::vector<FoldedBottleneck>, 4> stages;
  /// R x 2048, or empty. What a chip's features x show of noise, drift and place within a region is
  /// taken out: x - UᵀUx (nuisance attribute projection, with a weight for each direction).
  std::vector<float> nuisance_RD;
};

/// Returns the network if names and shapes are exactly those of torchvision's resnet50, maybe under
/// a common prefix; else nothing. "fc.nuisance" is read. Any other final "fc" is left out, so only
/// a comparison of features shows that a module's output is the pooled map. Batch normalisation is
/// folded in float32, with torchvision's epsilon.
std::optional<FoldedResnet> fold_resnet50(const StateDict& tensors, int threads = 1);

constexpr int resnet50_features = 2048;

/// Converts half precision (IEEE 754 binary16) to float32, exactly.
void from_half(const std::uint16_t* from, std::size_t count, float* to);

}  // namespace metamict
