// SPDX-License-Identifier: GPL-3.0-or-later
// The standard errors of a sample's statistics against how these scatter from sample to sample.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "metamict/similarity.hpp"

namespace metamict {
namespace {

/// Unit vectors around three directions, 20 : 5 : 1.
RowMatrixXf population(std::size_t size, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  RowMatrixXf rows(static_cast<Eigen::Index>(size), 8);
  for (std::size_t i = 0; i < size; ++i) {
    auto row = rows.row(static_cast<Eigen::Index>(i));
    for (float& value : row) value = 0.15F * normal(random);
    row[i % 26 < 20 ? 0 : i % 26 < 25 ? 1 : 2] += 1;
    row.normalize();
  }
  return rows;
}

Similarity raw_scores_of(const RowMatrixXf& rows) {
  Embeddings embeddings;
  embeddings.rows_ND = rows;
  return compare(embeddings, {SimilarityScale::raw});
}

TEST(ScoreErrors, AreTheScatterFromSampleToSample) {
  std::mt19937_64 random(11);
  const RowMatrixXf all = population(6000, random);
  constexpr int samples = 60;
  double mean_sum = 0, mean_squares = 0, median_sum = 0, median_squares = 0;
  double said_mean = 0, said_median = 0;
  for (int k = 0; k < samples; ++k) {
    std::vector<std::uint32_t> chips(all.rows());
    std::iota(chips.begin(), chips.end(), 0U);
    std::shuffle(chips.begin(), chips.end(), random);
    chips.resize(300);
    const Similarity similarity = raw_scores_of(all(chips, Eigen::all));
    const ScoreErrors said = score_errors(similarity, 100, 1 + k % 2);
    const double mean = similarity.statistics.mean, median = similarity.statistics.median;
    mean_sum += mean, mean_squares += mean * mean;
    median_sum += median, median_squares += median * median;
    said_mean += said.mean * said.mean / samples;
    said_median += said.median * said.median / samples;
  }
  const auto spread = [&](double sum, double squares) {
    return std::sqrt((squares - sum * sum / samples) / (samples - 1));
  };
  EXPECT_NEAR(std::sqrt(said_mean) / spread(mean_sum, mean_squares), 1, 0.3);
  EXPECT_NEAR(std::sqrt(said_median) / spread(median_sum, median_squares), 1, 0.4);
}

TEST(ScoreErrors, AreNoneForHandfulsAndTheSameForAnyThreads) {
  std::mt19937_64 random(2);
  EXPECT_EQ(score_errors(raw_scores_of(population(15, random))).mean, 0);
  const Similarity similarity = raw_scores_of(population(200, random));
  const ScoreErrors one = score_errors(similarity, 100, 1), many = score_errors(similarity, 100, 5);
  EXPECT_EQ(one.mean, many.mean);
  EXPECT_EQ(one.median, many.median);
  EXPECT_EQ(one.mode, many.mode);
  EXPECT_GT(one.mean, 0);
}

}  // namespace
}  // namespace metamict
