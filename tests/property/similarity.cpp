// SPDX-License-Identifier: GPL-3.0-or-later
// Whatever the embeddings: the scores are the rescaled cosines, and the statistics are those of the
// scores, to the last pair.
#include "metamict/similarity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace metamict {
namespace {

struct Case {
  Eigen::Index nodes, features;
  bool positive;  // as a network's pooled features are
};

void PrintTo(const Case& one, std::ostream* out) {  // else its padding stands in the tests' names
  *out << one.nodes << " x " << one.features << (one.positive ? ", positive" : "");
}

/// A few directions with noise around them: cosines that cluster, as those of a real image do.
Embeddings clustered(const Case& given, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  RowMatrixXf rows_ND(given.nodes, given.features), centres(4, given.features);
  for (float& value : centres.reshaped()) value = normal(random);
  for (Eigen::Index i = 0; i < given.nodes; ++i)
    for (Eigen::Index d = 0; d < given.features; ++d)
      rows_ND(i, d) = centres(i % 4, d) + 0.5F * normal(random);
  if (given.positive) rows_ND = rows_ND.cwiseMax(0.0F);
  rows_ND.col(0).array() += 0.1F;
  rows_ND.rowwise().normalize();
  return {rows_ND, {}, {}};
}

class Scores : public testing::TestWithParam<Case> {};

TEST_P(Scores, AreTheRescaledCosines) {
  const Embeddings embeddings = clustered(GetParam(), 5);
  const Eigen::MatrixXd rows = embeddings.rows_ND.cast<double>();
  Eigen::MatrixXd cosines = rows * rows.transpose();
  double low = 2, high = -2;
  for (Eigen::Index i = 0; i < rows.rows(); ++i)
    for (Eigen::Index j = i + 1; j < rows.rows(); ++j) {
      low = std::min(low, cosines(i, j));
      high = std::max(high, cosines(i, j));
    }
  const auto angle = [](double cosine) { return std::acos(std::clamp(cosine, -1.0, 1.0)); };
  for (const SimilarityScale scale :
       {SimilarityScale::minmax, SimilarityScale::raw, SimilarityScale::angle}) {
    SimilarityOptions options;
    options.scale = scale;
    const Similarity similarity = compare(embeddings, options);
    EXPECT_NEAR(similarity.statistics.min_cosine, low, 2e-6);
    EXPECT_NEAR(similarity.statistics.max_cosine, high, 2e-6);
    const bool raw = scale == SimilarityScale::raw;
    const bool of_angle = scale == SimilarityScale::angle;
    const double range = of_angle ? angle(low) - angle(high) : raw ? 1 : high - low;
    for (Eigen::Index i = 0; i < rows.rows(); ++i)
      for (Eigen::Index j = 0; j < rows.rows(); ++j) {
        const double expected = i == j     ? 0
                                : raw      ? std::clamp(cosines(i, j), 0.0, 1.0)
                                : of_angle ? (angle(low) - angle(cosines(i, j))) / range
                                           : (cosines(i, j) - low) / range;
        // The rounding of a product, 3e-6, moves an angle most where embeddings are alike.
        const double rounded =
            of_angle ? angle(cosines(i, j) - 3e-6) - angle(cosines(i, j) + 3e-6) : 3e-6;
        const double at_the_ends = of_angle ? angle(high - 3e-6) - angle(high + 3e-6) : 0;
        const double tolerance = 0.5 / 65535 + (rounded + at_the_ends) / range;
        ASSERT_NEAR(static_cast<double>(
                        similarity.score(static_cast<std::size_t>(i), static_cast<std::size_t>(j))),
                    expected, tolerance)
            << i << ", " << j;
      }
  }
}

TEST_P(Scores, HaveExactStatistics) {
  const Similarity similarity = compare(clustered(GetParam(), 6));
  std::vector<float> scores;
  for (std::size_t i = 0; i < similarity.nodes(); ++i)
    for (std::size_t j = i + 1; j < similarity.nodes(); ++j)
      scores.push_back(similarity.score(i, j));
  std::sort(scores.begin(), scores.end());
  const std::size_t pairs = scores.size();
  ASSERT_EQ(similarity.statistics.pairs, pairs);
  EXPECT_EQ(scores.front(), 0.0F);
  EXPECT_EQ(scores.back(), 1.0F);
  long double sum = 0;
  for (const float score : scores) sum += score;
  EXPECT_NEAR(similarity.statistics.mean,
              static_cast<double>(sum / static_cast<long double>(pairs)), 1e-12);
  EXPECT_DOUBLE_EQ(
      similarity.statistics.median,
      (static_cast<double>(scores[(pairs - 1) / 2]) + static_cast<double>(scores[pairs / 2])) / 2);
  for (const int bins : {1, 7, 100, 1000}) {
    std::vector<std::uint64_t> expected(static_cast<std::size_t>(bins), 0);
    for (const float score : scores) {
      int bin = std::min(static_cast<int>(score * static_cast<float>(bins)), bins - 1);
      while (bin > 0 && score < static_cast<float>(static_cast<double>(bin) / bins)) --bin;
      while (bin + 1 < bins && score >= static_cast<float>(static_cast<double>(bin + 1) / bins))
        ++bin;
      ++expected[static_cast<std::size_t>(bin)];
    }
    EXPECT_EQ(histogram(similarity.statistics, bins), expected) << bins << " bins";
  }
}

TEST_P(Scores, DoNotDependOnTheThreads) {
  const Embeddings embeddings = clustered(GetParam(), 7);
  const Similarity one = compare(embeddings);
  for (const int threads : {2, 3, 7}) {
    const Similarity many = compare(embeddings, {}, {.threads = threads});
    EXPECT_EQ(many.statistics.counts, one.statistics.counts);
    EXPECT_EQ(many.statistics.min_cosine, one.statistics.min_cosine);
    EXPECT_TRUE(std::equal(one.scores->row(0), one.scores->row(0) + one.nodes() * one.nodes(),
                           many.scores->row(0)));
  }
}

INSTANTIATE_TEST_SUITE_P(OfManyShapes, Scores,
                         testing::Values(Case{3, 2, false}, Case{4, 3, true}, Case{17, 5, false},
                                         Case{255, 32, true}, Case{256, 33, true},
                                         Case{257, 64, false}, Case{300, 2048, true},
                                         Case{520, 512, true}));

}  // namespace
}  // namespace metamict
