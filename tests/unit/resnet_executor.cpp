// SPDX-License-Identifier: GPL-3.0-or-later
// The fast ResNet50 against a plain one: loops over pixels, batch normalisation as published,
// double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "encoder/probe.hpp"
#include "encoder/resnet/executor.hpp"
#include "support/random_resnet.hpp"

namespace metamict {
namespace {

using test::RandomResnet;

/// A map of channels x side x side.
struct PlainMap {
  int channels, side;
  std::vector<double> values;
  double at(int c, int y, int x) const {
    return y < 0 || x < 0 || y >= side || x >= side
               ? 0
               : values[static_cast<std::size_t>((c * side + y) * side + x)];
  }
};

class PlainResnet {
 public:
  explicit PlainResnet(const RandomResnet& weights) : weights_(weights) {}

  std::vector<double> features(PlainMap map) const {
    map = relu(maximum(relu(conv_norm(map, "conv1", "bn1", 64, 7, 2))));
    for (int stage = 0; stage < 4; ++stage)
      for (int i = 0; i < std::array{3, 4, 6, 3}[static_cast<std::size_t>(stage)]; ++i) {
        const std::string block =
            "layer" + std::to_string(stage + 1) + "." + std::to_string(i) + ".";
        const int middle = 64 << stage, stride = stage > 0 && i == 0 ? 2 : 1;
        PlainMap inner = relu(conv_norm(map, block + "conv1", block + "bn1", middle, 1, 1));
        inner = relu(conv_norm(inner, block + "conv2", block + "bn2", middle, 3, stride));
        inner = conv_norm(inner, block + "conv3", block + "bn3", 4 * middle, 1, 1);
        if (i == 0)
          map =
              conv_norm(map, block + "downsample.0", block + "downsample.1", 4 * middle, 1, stride);
        for (std::size_t k = 0; k < inner.values.size(); ++k) inner.values[k] += map.values[k];
        map = relu(inner);
      }
    std::vector<double> means;
    const auto area = static_cast<std::size_t>(map.side * map.side);
    for (std::size_t c = 0; c < 2048; ++c) {
      double sum = 0;
      for (std::size_t p = 0; p < area; ++p) sum += map.values[c * area + p];
      means.push_back(sum / static_cast<double>(area));
    }
    return means;
  }

 private:
  PlainMap conv_norm(const PlainMap& in, const std::string& conv, const std::string& norm, int out,
                     int kernel, int stride) const {
    const std::vector<float>& weight = weights_.values(conv + ".weight");
    const int side = (in.side + 2 * (kernel / 2) - kernel) / stride + 1;
    PlainMap result{out, side, {}};
    std::vector<double> patch(static_cast<std::size_t>(in.channels * kernel * kernel));
    result.values.resize(static_cast<std::size_t>(out * side * side));
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        auto to = patch.begin();
        for (int c = 0; c < in.channels; ++c)
          for (int i = 0; i < kernel; ++i)
            for (int j = 0; j < kernel; ++j)
              *to++ = in.at(c, y * stride + i - kernel / 2, x * stride + j - kernel / 2);
        for (std::size_t o = 0; o < static_cast<std::size_t>(out); ++o) {
          double sum = 0;
          const float* w = weight.data() + o * patch.size();
          for (std::size_t k = 0; k < patch.size(); ++k) sum += w[k] * patch[k];
          sum = (sum - weights_.values(norm + ".running_mean")[o]) /
                std::sqrt(weights_.values(norm + ".running_var")[o] + 1e-5);
          result.values[(o * static_cast<std::size_t>(side) + static_cast<std::size_t>(y)) *
                            static_cast<std::size_t>(side) +
                        static_cast<std::size_t>(x)] =
              sum * weights_.values(norm + ".weight")[o] + weights_.values(norm + ".bias")[o];
        }
      }
    return result;
  }
  static PlainMap relu(PlainMap map) {
    for (double& x : map.values) x = std::max(x, 0.0);
    return map;
  }
  static PlainMap maximum(const PlainMap& in) {
    PlainMap out{in.channels, (in.side - 1) / 2 + 1, {}};
    for (int c = 0; c < in.channels; ++c)
      for (int y = 0; y < out.side; ++y)
        for (int x = 0; x < out.side; ++x) {
          double best = 0;
          for (int i = -1; i <= 1; ++i)
            for (int j = -1; j <= 1; ++j) best = std::max(best, in.at(c, 2 * y + i, 2 * x + j));
          out.values.push_back(best);
        }
    return out;
  }

  const RandomResnet& weights_;
};

const RandomResnet& network() {
  static const RandomResnet network;
  return network;
}

std::vector<float> random_chips(int px, int count) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> chips(static_cast<std::size_t>(px * px * count));
  for (float& x : chips) x = normal(random);
  return chips;
}

RowMatrixXf plain_features(const std::vector<float>& chip, int px, const InputScale& scale) {
  PlainMap input{3, px, {}};
  for (std::size_t c = 0; c < 3; ++c)
    for (const float x : chip)
      input.values.push_back((static_cast<double>(x) - scale.mean[c]) / scale.std[c]);
  const auto features = PlainResnet(network()).features(input);
  RowMatrixXf row(1, 2048);
  for (Eigen::Index i = 0; i < 2048; ++i)
    row(0, i) = static_cast<float>(features[static_cast<std::size_t>(i)]);
  return row;
}

RowMatrixXf fast_features(const std::vector<float>& chips, int px, const InputScale& scale,
                          Number number) {
  PackedWeights store(number);
  const ResnetExecutor executor(store, *fold_resnet50(network().views()), px, scale);
  RowMatrixXf rows(static_cast<Eigen::Index>(chips.size()) / (px * px), 2048);
  executor.run(*executor.workspace(), chips.data(), rows.rows(), rows.data());
  return rows;
}

// 40 px: maps of 10, 5, 3 and 2 px, so odd sides, and every way of doing a 3x3 convolution. 32 px:
// the last maps are one pixel.
TEST(ResnetExecutor, RepeatsThePlainNetwork) {
  const InputScale unequal{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  for (const auto& [px, scale] : {std::pair{40, InputScale{}}, std::pair{32, unequal}}) {
    const auto chip = random_chips(px, 1);
    const RowMatrixXf expected = plain_features(chip, px, scale);
    const RowMatrixXf found = fast_features(chip, px, scale, Number::float32);
    EXPECT_GT(worst_cosine(expected, found), 0.999999) << px;
    EXPECT_LT((expected - found).cwiseAbs().maxCoeff(), 2e-4 * expected.cwiseAbs().maxCoeff())
        << px;
    if (has_bfloat16()) {
      EXPECT_GT(worst_cosine(expected, fast_features(chip, px, scale, Number::bfloat16)), 0.995)
          << px;
    }
  }
}

// 40 px and 32 px for the same reason; a chip as strong again as those that the ranges were taken
// from is cut off, not turned over.
TEST(ResnetExecutor, OnBytesKeepsTheFeatures) {
  if (!has_int8()) GTEST_SKIP() << "this processor has no int8";
  const FoldedResnet weights = *fold_resnet50(network().views());
  const InputScale unequal{{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  for (const auto& [px, scale] : {std::pair{40, InputScale{}}, std::pair{32, unequal}}) {
    PackedWeights store(Number::float32);
    const ResnetExecutor floats(store, weights, px, scale);
    const auto workspace = floats.workspace();
    const auto count = static_cast<Eigen::Index>(floats.small_batch());
    std::vector<float> chips = random_chips(px, static_cast<int>(count));
    RowMatrixXf expected(count, 2048), found(count, 2048), strong(count, 2048);
    ResnetRanges ranges(weights);
    floats.run(*workspace, chips.data(), count, expected.data(), &ranges);
    EXPECT_GE(ranges.stages[3].back().out, expected.maxCoeff())
        << "a mean is no larger than the largest value";

    const ResnetExecutor bytes(store, weights, px, scale, &ranges);
    EXPECT_EQ(bytes.number(), Number::int8);
    bytes.run(*workspace, chips.data(), count, found.data());
    EXPECT_GT(worst_cosine(expected, found), 0.995) << px;
    EXPECT_LT((expected - found).norm(), 0.1 * expected.norm()) << px;

    RowMatrixXf one(1, 2048);
    bytes.run(*workspace, chips.data(), 1, one.data());
    EXPECT_EQ(one.row(0), found.row(0)) << "whole numbers: the same in any batch";

    for (float& x : chips) x *= 2;
    floats.run(*workspace, chips.data(), count, expected.data());
    bytes.run(*workspace, chips.data(), count, strong.data());
    EXPECT_GT(worst_cosine(expected, strong), 0.9) << px;
  }
}

TEST(ResnetExecutor, AChipDoesNotSeeItsNeighbours) {
  const int px = 32;
  PackedWeights store(Number::float32);
  const ResnetExecutor executor(store, *fold_resnet50(network().views()), px, {});
  const auto few = random_chips(px, 3);
  std::vector<float> many;
  for (long i = 0; i < executor.batch(); ++i)
    many.insert(many.end(), few.begin(), few.end()), i += 2;
  many.resize(static_cast<std::size_t>(executor.batch() * px * px));
  const auto workspace = executor.workspace();
  RowMatrixXf one(1, 2048), all(executor.batch(), 2048), again(executor.batch(), 2048);
  executor.run(*workspace, few.data(), 1, one.data());
  executor.run(*workspace, many.data(), executor.batch(), all.data());
  for (Eigen::Index i = 0; i + 3 < all.rows(); i += 3)
    EXPECT_LT((all.row(i) - one.row(0)).cwiseAbs().maxCoeff(), 1e-5F * one.maxCoeff()) << i;
  executor.run(*executor.workspace(), many.data(), executor.batch(), again.data());
  EXPECT_TRUE((all.array() == again.array()).all()) << "the same batch must give the same bytes";
}

TEST(ResnetWeights, AreRecognisedByNameAndShape) {
  const StateDict whole = network().views();
  EXPECT_TRUE(fold_resnet50(whole));

  StateDict wrapped;
  for (const auto& [name, tensor] : whole) wrapped["model.backbone." + name] = tensor;
  wrapped["model.backbone.fc.weight"] = {{1000, 2048}, nullptr};
  wrapped["model.backbone.bn1.num_batches_tracked"] = {{}, nullptr};
  EXPECT_TRUE(fold_resnet50(wrapped));

  StateDict missing = whole;
  missing.erase("layer3.5.bn2.running_var");
  EXPECT_FALSE(fold_resnet50(missing));
  StateDict more = whole;
  more["layer4.2.attention.weight"] = {{512}, nullptr};
  EXPECT_FALSE(fold_resnet50(more)) << "another network with a ResNet50 inside";
  StateDict wide = whole;
  wide["layer2.1.conv2.weight"].shape = {128, 64, 3, 3};
  EXPECT_FALSE(fold_resnet50(wide));
  EXPECT_FALSE(fold_resnet50({}));
}

}  // namespace
}  // namespace metamict
