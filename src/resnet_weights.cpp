// SPDX-License-Identifier: GPL-3.0-or-later
#include "resnet_weights.hpp"

#include <bit>
#include <cmath>
#include <set>
#include <stdexcept>

namespace metamict {

namespace {

constexpr float batch_norm_epsilon = 1e-5F;
constexpr std::array<int, 4> blocks_of_stage = {3, 4, 6, 3};

struct NotThisNetwork {};

/// Hands out tensors by name and remembers which were taken.
class Reader {
 public:
  Reader(const StateDict& tensors, std::string prefix) : tensors_(tensors), prefix_(std::move(prefix)) {}

  /// The tensor's numbers, in `widened` when the tensor itself has them in half precision.
  const float* take(const std::string& name, const std::vector<std::int64_t>& shape, std::vector<float>& widened) {
    const auto found = tensors_.find(prefix_ + name);
    if (found == tensors_.end() || found->second.shape != shape) throw NotThisNetwork{};
    taken_.insert(found->first);
    const TensorView& tensor = found->second;
    if (tensor.data != nullptr) return tensor.data;
    if (tensor.half == nullptr) throw NotThisNetwork{};
    std::size_t count = 1;
    for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
    widened.resize(count);
    from_half(tensor.half, count, widened.data());
    return widened.data();
  }

  /// Nothing but what inference does not need may be left over: another tensor means another network.
  void check_all_taken() const {
    for (const auto& [name, tensor] : tensors_)
      if (!taken_.contains(name) && !name.ends_with(".num_batches_tracked") && !name.starts_with(prefix_ + "fc."))
        throw NotThisNetwork{};
  }

 private:
  const StateDict& tensors_;
  std::string prefix_;
  std::set<std::string> taken_;
};

FoldedConv fold(Reader& reader, const std::string& conv, const std::string& norm, FoldedConv shape) {
  const std::int64_t out = shape.out, in = shape.in, kernel = shape.kernel;
  std::array<std::vector<float>, 5> widened;
  const float* weight = reader.take(conv + ".weight", {out, in, kernel, kernel}, widened[0]);
  const float* gamma = reader.take(norm + ".weight", {out}, widened[1]);
  const float* beta = reader.take(norm + ".bias", {out}, widened[2]);
  const float* mean = reader.take(norm + ".running_mean", {out}, widened[3]);
  const float* variance = reader.take(norm + ".running_var", {out}, widened[4]);
  const std::int64_t area = kernel * kernel;
  shape.weights_OHWI.resize(static_cast<std::size_t>(out * area * in));
  shape.bias_O.resize(static_cast<std::size_t>(out));
  float* to = shape.weights_OHWI.data();
  for (std::int64_t o = 0; o < out; ++o) {
    const float scale = gamma[o] / std::sqrt(variance[o] + batch_norm_epsilon);
    shape.bias_O[static_cast<std::size_t>(o)] = beta[o] - mean[o] * scale;
    for (std::int64_t tap = 0; tap < area; ++tap)
      for (std::int64_t i = 0; i < in; ++i) *to++ = scale * weight[(o * in + i) * area + tap];
  }
  return shape;
}

FoldedBottleneck fold_block(Reader& reader, const std::string& name, int in, int middle, int stride, bool first) {
  const int out = 4 * middle;
  FoldedBottleneck block;
  block.stride = stride;
  block.reduce = fold(reader, name + ".conv1", name + ".bn1", {in, middle, 1, {}, {}});
  block.spatial = fold(reader, name + ".conv2", name + ".bn2", {middle, middle, 3, {}, {}});
  block.expand = fold(reader, name + ".conv3", name + ".bn3", {middle, out, 1, {}, {}});
  if (first) block.shortcut = fold(reader, name + ".downsample.0", name + ".downsample.1", {in, out, 1, {}, {}});
  return block;
}

FoldedResnet read_network(Reader& reader) {
  FoldedResnet net;
  net.stem = fold(reader, "conv1", "bn1", {3, 64, 7, {}, {}});
  int in = 64;
  for (int stage = 0; stage < 4; ++stage) {
    const int middle = 64 << stage;
    for (int i = 0; i < blocks_of_stage[static_cast<std::size_t>(stage)]; ++i) {
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
      const int stride = i == 0 && stage > 0 ? 2 : 1;
      net.stages[static_cast<std::size_t>(stage)].push_back(fold_block(reader, name, in, middle, stride, i == 0));
      in = 4 * middle;
    }
  }
  reader.check_all_taken();
  return net;
}

}  // namespace

void from_half(const std::uint16_t* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) {  // without branches: vectors of it are made
    const std::uint32_t bits = from[i], magnitude = (bits & 0x7fffU) << 13;
    // The exponent's bias is off by 112; multiplying by 2^112 sets it right, for numbers below the normal ones too.
    const auto number = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112F);
    const std::uint32_t not_finite = magnitude >= 0x0f800000U ? 0x7f800000U : 0U;
    to[i] = std::bit_cast<float>(number | not_finite | (bits & 0x8000U) << 16);
  }
}

std::optional<FoldedResnet> fold_resnet50(const StateDict& tensors) {
  constexpr std::string_view stem = "conv1.weight";
  for (const auto& [name, tensor] : tensors) {  // a wrapper may have put a prefix before every name
    if (!name.ends_with(stem) || tensor.shape != std::vector<std::int64_t>{64, 3, 7, 7}) continue;
    Reader reader(tensors, name.substr(0, name.size() - stem.size()));
    try {
      return read_network(reader);
    } catch (const NotThisNetwork&) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace metamict
