// SPDX-License-Identifier: GPL-3.0-or-later
// A ResNet50's weights as an inference engine wants them: recognised by name and shape, batch normalisation folded in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace metamict {

/// A tensor that somebody else owns, in row-major order: in float32, in half precision, or of another type and without
/// data.
struct TensorView {
  std::vector<std::int64_t> shape;
  const float* data = nullptr;
  const std::uint16_t* half = nullptr;
};
using StateDict = std::map<std::string, TensorView>;  ///< by torchvision's names, "layer1.0.conv1.weight"

/// A convolution without bias and the batch normalisation after it as one convolution with bias.
struct FoldedConv {
  int in = 0, out = 0, kernel = 1;
  std::vector<float> weights_OHWI;
  std::vector<float> bias_O;
};

/// 1x1 to fewer channels, 3x3 (which carries the stride), 1x1 to more; added to the input or to its projection.
struct FoldedBottleneck {
  FoldedConv reduce, spatial, expand;
  std::optional<FoldedConv> shortcut;
  int stride = 1;
};

/// torchvision's resnet50 (version 1.5: the stride is in the 3x3 convolutions) up to its last map.
struct FoldedResnet {
  FoldedConv stem;  ///< 7x7, stride 2, 3 -> 64; followed by a 3x3 maximum with stride 2
  std::array<std::vector<FoldedBottleneck>, 4> stages;
};

/// The network when names and shapes are exactly those of torchvision's resnet50, maybe under a common prefix; a final
/// "fc" is not part of it, so a module whose output is not the pooled map must be told apart by comparing features.
/// Empty otherwise. Batch normalisation is folded in float32, with torchvision's epsilon.
std::optional<FoldedResnet> fold_resnet50(const StateDict& tensors, int threads = 1);

constexpr int resnet50_features = 2048;

/// Half precision (IEEE 754 binary16) to float32, exactly.
void from_half(const std::uint16_t* from, std::size_t count, float* to);

}  // namespace metamict
