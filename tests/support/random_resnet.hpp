// SPDX-License-Identifier: GPL-3.0-or-later
// A ResNet50's weights without a training run or a file.
#pragma once

#include <array>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "encoder/resnet/weights.hpp"

namespace metamict::test {

/// Random tensors under torchvision's names. Residual branches are small, so that no precision is
/// lost to growth.
class RandomResnet {
 public:
  RandomResnet() {
    conv("conv1", 64, 3, 7), norm("bn1", 64, 1);
    int in = 64;
    for (int stage = 0; stage < 4; ++stage)
      for (int i = 0; i < std::array{3, 4, 6, 3}[static_cast<std::size_t>(stage)]; ++i) {
        const std::string block =
            "layer" + std::to_string(stage + 1) + "." + std::to_string(i) + ".";
        const int middle = 64 << stage, out = 4 * middle;
        conv(block + "conv1", middle, in, 1), norm(block + "bn1", middle, 1);
        conv(block + "conv2", middle, middle, 3), norm(block + "bn2", middle, 1);
        conv(block + "conv3", out, middle, 1), norm(block + "bn3", out, 0.3);
        if (i == 0) conv(block + "downsample.0", out, in, 1), norm(block + "downsample.1", out, 1);
        in = out;
      }
  }

  StateDict views() const {
    StateDict views;
    for (const auto& [name, tensor] : tensors_) views[name] = {tensor.first, tensor.second.data()};
    return views;
  }
  const std::vector<float>& values(const std::string& name) const {
    return tensors_.at(name).second;
  }

 private:
  void conv(const std::string& name, int out, int in, int kernel) {
    auto& values = add(name + ".weight", {out, in, kernel, kernel});
    // 4096 numbers again and again: a hundred times faster to make, and every output still differs
    const double spread = std::sqrt(2.0 / (in * kernel * kernel));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = i < 4093 ? static_cast<float>(spread * normal_(random_)) : values[i - 4093];
  }
  void norm(const std::string& name, int channels, double gain) {
    for (float& x : add(name + ".weight", {channels}))
      x = static_cast<float>(gain * (1 + 0.2 * normal_(random_)));
    for (float& x : add(name + ".bias", {channels})) x = static_cast<float>(0.1 * normal_(random_));
    for (float& x : add(name + ".running_mean", {channels}))
      x = static_cast<float>(0.1 * normal_(random_));
    for (float& x : add(name + ".running_var", {channels}))
      x = static_cast<float>(0.5 + std::abs(normal_(random_)));
  }
  std::vector<float>& add(const std::string& name, const std::vector<std::int64_t>& shape) {
    std::size_t size = 1;
    for (const auto side : shape) size *= static_cast<std::size_t>(side);
    auto& tensor = tensors_[name];
    tensor = {shape, std::vector<float>(size)};
    return tensor.second;
  }

  std::mt19937 random_{7};
  std::normal_distribution<double> normal_;
  std::map<std::string, std::pair<std::vector<std::int64_t>, std::vector<float>>> tensors_;
};

}  // namespace metamict::test
