// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/evaluate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include "metamict/errors.hpp"
#include "metamict/labelings.hpp"

namespace metamict {
namespace {

using Labels = std::vector<std::int32_t>;

double ari(const Labels& a, const Labels& b) { return adjusted_rand_index(a, b); }

Labels random_labels(std::mt19937& random, std::size_t items, int clusters) {
  Labels labels(items);
  for (auto& label : labels) label = static_cast<int>(random() % static_cast<unsigned>(clusters));
  return labels;
}

TEST(AdjustedRandIndex, KnownValues) {
  EXPECT_DOUBLE_EQ(ari({0, 0, 1, 1}, {0, 0, 1, 2}), 4.0 / 7);  // scikit-learn's documentation: 0.57
  EXPECT_DOUBLE_EQ(ari({0, 0, 0, 0}, {0, 1, 2, 3}), 0.0);
  EXPECT_DOUBLE_EQ(ari({0, 0, 1, 1}, {0, 1, 0, 1}), -0.5);
  // Contingency table ((2, 1), (0, 2)): 2 pairs together in both, 4 in either, of 10 pairs.
  EXPECT_DOUBLE_EQ(ari({0, 0, 0, 1, 1}, {5, 5, 7, 7, 7}), (2 - 1.6) / (4 - 1.6));
}

TEST(AdjustedRandIndex, IdenticalPartitionsGiveOneWhateverTheirNames) {
  EXPECT_DOUBLE_EQ(ari({3, 3, -8, 0}, {1, 1, 2, 9}), 1);
  EXPECT_DOUBLE_EQ(ari({0, 0, 0}, {4, 4, 4}), 1);
  EXPECT_DOUBLE_EQ(ari({0, 1, 2}, {4, 5, 6}), 1);
  EXPECT_DOUBLE_EQ(ari({7}, {9}), 1);
}

/// The definition over pairs, item by item.
double ari_by_pairs(const Labels& a, const Labels& b) {
  double both = 0, in_a = 0, in_b = 0, all = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      all += 1;
      in_a += a[i] == a[j];
      in_b += b[i] == b[j];
      both += a[i] == a[j] && b[i] == b[j];
    }
  const double expected = in_a * in_b / all;
  if ((in_a + in_b) / 2 == expected) return 1;
  return (both - expected) / ((in_a + in_b) / 2 - expected);
}

TEST(AdjustedRandIndex, AgreesWithTheDefinitionOverPairsAndIsSymmetric) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 100; ++trial) {
    const std::size_t items = 5 + random() % 60;
    const Labels a = random_labels(random, items, 2 + trial % 5),
                 b = random_labels(random, items, 2 + trial % 7);
    ASSERT_NEAR(ari(a, b), ari_by_pairs(a, b), 1e-12);
    ASSERT_DOUBLE_EQ(ari(a, b), ari(b, a));
  }
}

TEST(AdjustedRandIndex, IsNearZeroForUnrelatedLabelings) {
  std::mt19937 random(2);
  EXPECT_NEAR(ari(random_labels(random, 100000, 5), random_labels(random, 100000, 4)), 0, 0.001);
}

TEST(AdjustedRandIndex, RefusesWhatCannotBeCompared) {
  EXPECT_THROW(ari({0, 1}, {0}), UsageError);
  EXPECT_THROW(ari({}, {}), UsageError);
}

double total(const std::vector<double>& weights, int cols, const std::vector<int>& column) {
  double sum = 0;
  for (std::size_t row = 0; row < column.size(); ++row)
    if (column[row] >= 0)
      sum += weights[row * static_cast<std::size_t>(cols) + static_cast<std::size_t>(column[row])];
  return sum;
}

/// The best total over all one-to-one assignments, by trying them all; leaving a row out is
/// allowed.
double best_by_trying(const std::vector<double>& weights, int rows, int cols) {
  const auto places =
      static_cast<std::size_t>(rows + cols);  // a place beyond the columns means "left out"
  std::vector<int> order(places);
  std::iota(order.begin(), order.end(), 0);
  double best = 0;
  do {
    std::vector<int> column;
    for (int row = 0; row < rows; ++row)
      column.push_back(
          order[static_cast<std::size_t>(row)] < cols ? order[static_cast<std::size_t>(row)] : -1);
    best = std::max(best, total(weights, cols, column));
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

TEST(BestAssignment, IsAsGoodAsTryingEverything) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(-0.2, 1);
  const std::array<std::pair<int, int>, 7> shapes{
      {{1, 1}, {2, 3}, {3, 2}, {3, 3}, {1, 5}, {5, 1}, {4, 3}}};
  for (int trial = 0; trial < 42; ++trial) {
    const auto [rows, cols] = shapes[static_cast<std::size_t>(trial) % shapes.size()];
    std::vector<double> weights(static_cast<std::size_t>(rows * cols));
    // Rounded, so that there are ties.
    for (double& weight : weights)
      weight = trial % 2 == 0 ? uniform(random) : std::round(4 * uniform(random)) / 4;
    const std::vector<int> column = best_assignment(weights, rows, cols);
    ASSERT_EQ(column.size(), static_cast<std::size_t>(rows));
    ASSERT_NEAR(total(weights, cols, column), best_by_trying(weights, rows, cols), 1e-12);
    std::vector<int> used;
    for (int col : column)
      if (col >= 0) used.push_back(col);
    std::sort(used.begin(), used.end());
    ASSERT_EQ(std::adjacent_find(used.begin(), used.end()), used.end())
        << "a column was given twice";
  }
}

TEST(BestAssignment, LeavesOutWhatAddsNothing) {
  EXPECT_THAT(best_assignment(std::vector<double>{0, 0, 0, 1}, 2, 2), testing::ElementsAre(-1, 1));
  EXPECT_THAT(best_assignment(std::vector<double>{}, 2, 0), testing::ElementsAre(-1, -1));
  EXPECT_THAT(best_assignment(std::vector<double>{}, 0, 3), testing::IsEmpty());
}

TEST(Evaluate, ComputedByHand) {
  // Truth: left half 1, right half 2. Ours: the border one column too far right, and a corner by
  // itself.
  const cv::Mat truth = (cv::Mat_<std::uint16_t>(2, 4) << 1, 1, 2, 2, 1, 1, 2, 2);
  const cv::Mat ours = (cv::Mat_<std::uint8_t>(2, 4) << 5, 5, 5, 3, 5, 5, 5, 9);
  const Evaluation result = evaluate(ours, truth);
  EXPECT_EQ(result.pixels, 8U);
  ASSERT_EQ(result.regions.size(), 2U);
  EXPECT_EQ(result.regions[0].truth, 1);
  EXPECT_EQ(result.regions[0].label, 5);
  EXPECT_DOUBLE_EQ(result.regions[0].iou, 4.0 / 6);
  EXPECT_EQ(result.regions[1].truth, 2);
  EXPECT_TRUE(result.regions[1].label == 3 || result.regions[1].label == 9);
  EXPECT_DOUBLE_EQ(result.regions[1].iou, 1.0 / 4);
  EXPECT_DOUBLE_EQ(result.mean_iou, (4.0 / 6 + 1.0 / 4) / 2);
  EXPECT_NEAR(result.ari, ari_by_pairs({5, 5, 5, 3, 5, 5, 5, 9}, {1, 1, 2, 2, 1, 1, 2, 2}), 1e-12);
}

TEST(Evaluate, IgnoredTruthIsLeftOutAndUnmatchedRegionsCountNothing) {
  const cv::Mat truth = (cv::Mat_<std::uint8_t>(1, 6) << 0, 0, 1, 1, 2, 2);
  const cv::Mat ours = (cv::Mat_<std::uint8_t>(1, 6) << 4, 5, 7, 7, 7, 7);
  const Evaluation result = evaluate(ours, truth, 0);
  EXPECT_EQ(result.pixels, 4U);
  ASSERT_EQ(result.regions.size(), 2U);
  EXPECT_NE(result.regions[0].label.has_value(), result.regions[1].label.has_value());
  EXPECT_DOUBLE_EQ(result.mean_iou, 0.25);
  EXPECT_DOUBLE_EQ(result.ari, 0);
}

TEST(Evaluate, TheTruthItselfIsPerfect) {
  std::mt19937 random(5);
  cv::Mat truth(40, 50, CV_16U);
  for (auto& value : cv::Mat_<std::uint16_t>(truth))
    value = static_cast<std::uint16_t>(random() % 7 * 9000);
  const Evaluation result = evaluate(truth, truth);
  EXPECT_DOUBLE_EQ(result.ari, 1);
  EXPECT_NEAR(result.mean_iou, 1, 1e-12);
  EXPECT_EQ(result.regions.size(), 7U);
}

TEST(Evaluate, LabelsAreAnyWholeNumbers) {
  const cv::Mat truth =
      (cv::Mat_<double>(1, 6) << -1, -1, 4294967295.0, 4294967295.0, 4294967296.0, 9e15);
  const cv::Mat ours = (cv::Mat_<std::int32_t>(1, 6) << 70000, 70000, -5, -5, 16777217, 16777216);
  const Evaluation result = evaluate(ours, truth, -1);
  EXPECT_EQ(result.pixels, 4U);
  EXPECT_DOUBLE_EQ(result.ari, 1);
  ASSERT_EQ(result.regions.size(), 3U);
  EXPECT_EQ(result.regions[0].truth, 4294967295);
  EXPECT_EQ(result.regions[0].label, -5);
  EXPECT_EQ(result.regions[2].truth, 9000000000000000);
  EXPECT_EQ(result.regions[2].label, 16777216);
}

TEST(Evaluate, RefusesImagesThatDoNotGoTogether) {
  const cv::Mat small = cv::Mat::zeros(3, 4, CV_8U), large = cv::Mat::zeros(4, 4, CV_8U);
  EXPECT_THROW(evaluate(small, large), InputError);
  EXPECT_THROW(evaluate(cv::Mat(3, 4, CV_32F, cv::Scalar(0.5)), small), InputError);
  EXPECT_THROW(evaluate(cv::Mat::zeros(3, 4, CV_8UC3), small), InputError);
  EXPECT_THROW(evaluate(small, small, 0), InputError);
}

}  // namespace
}  // namespace metamict
