// SPDX-License-Identifier: GPL-3.0-or-later
// The order index and the nested rule, on images and embeddings whose truth is known.
#include "metamict/pipeline.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "metamict/evaluate.hpp"
#include "metamict/order.hpp"
#include "nested_rule.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

double mean_order(const cv::Mat& pixels) {
  const Micrograph micrograph = standardise(test::micrograph_of(pixels));
  const std::vector<float> order = measure_order(micrograph, lay_grid(pixels.size(), pixels.size(), 64, 32), 2);
  return std::accumulate(order.begin(), order.end(), 0.0) / static_cast<double>(order.size());
}

TEST(Order, IsHighInACrystalAndLowInSpeckleWhateverTheDose) {
  for (const double counts : {20.0, 100.0, 400.0}) {
    const double crystal = mean_order(test::draw_lattice({.counts = counts, .seed = 3}));
    const double speckle = mean_order(test::draw_lattice({.counts = counts, .amorphous_from = 0.0, .seed = 3}));
    EXPECT_GT(crystal, 0.6) << counts;
    EXPECT_LT(speckle, 0.25) << counts;  // 0.21 at 20 electrons a pixel, falling with the dose
  }
}

TEST(Order, DoesNotDependOnGreyAndContrast) {
  const cv::Mat image = test::draw_lattice({.counts = 60});
  const double plain = mean_order(image);
  EXPECT_NEAR(mean_order(image * 37.0 + 500.0), plain, 1e-3);
}

/// A result as it stands before the rules, with embeddings made to measure: `kind` of each chip, a drift across the
/// image, noise.
Result result_of(int rows, int cols, const std::function<double(int row, int col)>& share_of_second, double drift,
                 double noise) {
  Result result;
  const int size = 64, stride = 16;
  const cv::Size image((cols - 1) * stride + size, (rows - 1) * stride + size);
  result.grid = lay_grid(image, image, size, stride);
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal(0, static_cast<float>(noise));
  result.embeddings.rows_ND.resize(rows * cols, 24);
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      auto chip = result.embeddings.rows_ND.row(row * cols + col);
      for (int d = 0; d < 24; ++d) chip[d] = normal(random);
      const auto second = static_cast<float>(share_of_second(row, col));
      chip[0] += 1 - second;
      chip[1] += second;
      chip[2] += static_cast<float>(drift * col / cols);
      chip.normalize();
    }
  result.similarity = compare(result.embeddings);
  return result;
}

TEST(NestedRule, FindsASmallPocketAndItsBorder) {
  // Chips overlap: those at the border show both, in a mixture that changes over a chip's width.
  const auto pocket = [](int row, int col) {
    const double inside = 7 - std::hypot(row - 8, col - 30);
    return std::clamp(inside / 4 + 0.5, 0.0, 1.0);
  };
  const Result result = result_of(40, 60, pocket, 0.0, 0.02);
  const Communities found = find_nested(result, {}, {}, {});
  EXPECT_EQ(found.count, 2);
  std::vector<std::int32_t> truth;
  for (int row = 0; row < 40; ++row)
    for (int col = 0; col < 60; ++col) truth.push_back(pocket(row, col) > 0.5);
  EXPECT_GT(adjusted_rand_index(found.community, truth), 0.95);
}

TEST(NestedRule, LeavesOneLatticeInOnePiece) {
  EXPECT_EQ(find_nested(result_of(
                            40, 40, [](int, int) { return 0.0; }, 0.0, 0.05),
                        {}, {}, {})
                .count,
            1)
      << "noise";
  EXPECT_EQ(find_nested(result_of(
                            40, 40, [](int, int) { return 0.0; }, 0.6, 0.03),
                        {}, {}, {})
                .count,
            1)
      << "a drift is no border";
}

TEST(NestedRule, SeesAPocketBehindADrift) {
  const auto pocket = [](int row, int col) {
    return std::clamp((8 - std::hypot(row - 20, col - 12)) / 4 + 0.5, 0.0, 1.0);
  };
  EXPECT_EQ(find_nested(result_of(40, 70, pocket, 0.6, 0.02), {}, {}, {}).count, 2);
}

}  // namespace
}  // namespace metamict
