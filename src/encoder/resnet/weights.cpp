// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/weights.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/parallel.hpp"

namespace metamict {

namespace {

constexpr float batch_norm_epsilon = 1e-5F;
constexpr std::array<int, 4> blocks_of_stage = {3, 4, 6, 3};

struct NotThisNetwork {};

/// The tensors of a convolution and of the batch normalisation after it.
struct ConvTensors {
  TensorView weight, gamma, beta, mean, variance;
};

/// The tensor's numbers as floats. They lie in `widened` when the tensor holds half precision.
const float* numbers_of(const TensorView& tensor, std::vector<float>& widened) {
  if (tensor.data != nullptr) return tensor.data;
  std::size_t count = 1;
  for (const std::int64_t side : tensor.shape) count *= static_cast<std::size_t>(side);
  widened.resize(std::max(widened.size(), count));
  from_half(tensor.half, count, widened.data());
  return widened.data();
}

/// Hands out tensors by name and remembers which were taken.
class Reader {
 public:
  Reader(const StateDict& tensors, std::string prefix)
      : tensors_(tensors), prefix_(std::move(prefix)) {}

  FoldedConv take(const std::string& conv, const std::string& norm, FoldedConv shape) {
    const std::int64_t out = shape.out, in = shape.in, kernel = shape.kernel;
    taken_convs.push_back({take(conv + ".weight", {out, in, kernel, kernel}),
                           take(norm + ".weight", {out}), take(norm + ".bias", {out}),
                           take(norm + ".running_mean", {out}),
                           take(norm + ".running_var", {out})});
    return shape;
  }

  /// The rows of an optional matrix with `cols` columns. Empty where there is no such tensor.
  std::vector<float> take_rows(const std::string& name, std::int64_t cols) {
    const auto found = tensors_.find(prefix_ + name);
    if (found == tensors_.end() || found->second.shape.size() != 2) return {};
    const TensorView tensor = take(name, {found->second.shape[0], cols});
    std::vector<float> widened;
    const float* numbers = numbers_of(tensor, widened);
    return {numbers, numbers + tensor.shape[0] * cols};
  }

  /// Throws when a tensor is left over that inference needs, because it means another network.
  void check_all_taken() const {
    for (const auto& [name, tensor] : tensors_)
      if (!taken_.contains(name) && !name.ends_with(".num_batches_tracked") &&
          !name.starts_with(prefix_ + "fc."))
        throw NotThisNetwork{};
  }

  std::vector<ConvTensors> taken_convs;  ///< in the order they were asked for

 private:
  TensorView take(const std::string& name, const std::vector<std::int64_t>& shape) {
    const auto found = tensors_.find(prefix_ + name);
    if (found == tensors_.end() || found->second.shape != shape) throw NotThisNetwork{};
    if (found->second.data == nullptr && found->second.half == nullptr) throw NotThisNetwork{};
    taken_.insert(found->first);
    return found->second;
  }

  const StateDict& tensors_;
  std::string prefix_;
  std::set<std::string> taken_;
};

using Widened = std::array<std::vector<float>, 5>;  // memory of one worker

void fold(const ConvTensors& tensors, Widened& widened, FoldedConv& into) {
  const float* weight = numbers_of(tensors.weight, widened[0]);
  const float* gamma = numbers_of(tensors.gamma, widened[1]);
  const float* beta = numbers_of(tensors.beta, widened[2]);
  const float* mean = numbers_of(tensors.mean, widened[3]);
  const float* variance = numbers_of(tensors.variance, widened[4]);
  const std::int64_t out = into.out, in = into.in, area = std::int64_t{into.kernel} * into.kernel;
  into.weights_OHWI.resize(static_cast<std::size_t>(out * area * in));
  into.bias_O.resize(static_cast<std::size_t>(out));
  float* to = into.weights_OHWI.data();
  for (std::int64_t o = 0; o < out; ++o) {
    const float scale = gamma[o] / std::sqrt(variance[o] + batch_norm_epsilon);
    into.bias_O[static_cast<std::size_t>(o)] = beta[o] - mean[o] * scale;
    for (std::int64_t tap = 0; tap < area; ++tap)
      for (std::int64_t i = 0; i < in; ++i) *to++ = scale * weight[(o * in + i) * area + tap];
  }
}

FoldedBottleneck fold_block(Reader& reader, const std::string& name, int in, int middle, int stride,
                            bool first) {
  const int out = 4 * middle;
  FoldedBottleneck block;
  block.stride = stride;
  block.reduce = reader.take(name + ".conv1", name + ".bn1", {in, middle, 1, {}, {}});
  block.spatial = reader.take(name + ".conv2", name + ".bn2", {middle, middle, 3, {}, {}});
  block.expand = reader.take(name + ".conv3", name + ".bn3", {middle, out, 1, {}, {}});
  if (first)
    block.shortcut =
        reader.take(name + ".downsample.0", name + ".downsample.1", {in, out, 1, {}, {}});
  return block;
}

/// Reads the network's shape. Its numbers are read later.
FoldedResnet read_network(Reader& reader) {
  FoldedResnet net;
  net.stem = reader.take("conv1", "bn1", {3, 64, 7, {}, {}});
  int in = 64;
  for (int stage = 0; stage < 4; ++stage) {
    const int middle = 64 << stage;
    for (int i = 0; i < blocks_of_stage[static_cast<std::size_t>(stage)]; ++i) {
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
      const int stride = i == 0 && stage > 0 ? 2 : 1;
      net.stages[static_cast<std::size_t>(stage)].push_back(
          fold_block(reader, name, in, middle, stride, i == 0));
      in = 4 * middle;
    }
  }
  net.nuisance_RD = reader.take_rows("fc.nuisance", resnet50_features);
  reader.check_all_taken();
  return net;
}

/// Lists the convolutions in the order in which read_network takes them.
std::vector<FoldedConv*> convolutions_of(FoldedResnet& net) {
  std::vector<FoldedConv*> all{&net.stem};
  for (auto& stage : net.stages)
    for (FoldedBottleneck& block : stage) {
      all.insert(all.end(), {&block.reduce, &block.spatial, &block.expand});
      if (block.shortcut) all.push_back(&*block.shortcut);
    }
  return all;
}

}  // namespace

void from_half(const std::uint16_t* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) {  // without branches: vectors of it are made
    const std::uint32_t bits = from[i], magnitude = (bits & 0x7fffU) << 13;
    // The exponent's bias is off by 112; multiplying by 2^112 sets it right, for numbers below the
    // normal ones too.
    const auto number = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112F);
    const std::uint32_t not_finite = magnitude >= 0x0f800000U ? 0x7f800000U : 0U;
    to[i] = std::bit_cast<float>(number | not_finite | (bits & 0x8000U) << 16);
  }
}

std::optional<FoldedResnet> fold_resnet50(const StateDict& tensors, int threads) {
  constexpr std::string_view stem = "conv1.weight";
  for (const auto& [name, tensor] : tensors) {  // a wrapper may have put a prefix before every name
    if (!name.ends_with(stem) || tensor.shape != std::vector<std::int64_t>{64, 3, 7, 7}) continue;
    Reader reader(tensors, name.substr(0, name.size() - stem.size()));
    try {
      FoldedResnet net = read_network(reader);
      const std::vector<FoldedConv*> convolutions = convolutions_of(net);
      std::vector<Widened> widened(static_cast<std::size_t>(std::max(threads, 1)));
      parallel_for(convolutions.size(), threads, [&](std::size_t worker, std::size_t i) {
        fold(reader.taken_convs[i], widened[worker], *convolutions[i]);
      });
      return net;
    } catch (const NotThisNetwork&) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace metamict
