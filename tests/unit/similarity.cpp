// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/similarity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>
#include <numeric>

#include "graph/transpose.hpp"
#include "metamict/errors.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

Embeddings embeddings_of(std::initializer_list<std::initializer_list<float>> rows) {
  Embeddings embeddings;
  embeddings.rows_ND = RowMatrixXf(static_cast<Eigen::Index>(rows.size()),
                                   static_cast<Eigen::Index>(rows.begin()->size()));
  Eigen::Index i = 0;
  for (const auto& row : rows) {
    Eigen::Index j = 0;
    for (const float value : row) embeddings.rows_ND(i, j++) = value;
    embeddings.rows_ND.row(i++).normalize();
  }
  return embeddings;
}

SimilarityStatistics statistics_with(const std::vector<std::pair<int, int>>& quantum_and_count) {
  SimilarityStatistics statistics;
  statistics.counts.assign(65536, 0);
  for (const auto& [q, count] : quantum_and_count)
    statistics.counts[static_cast<std::size_t>(q)] = static_cast<std::uint64_t>(count);
  return statistics;
}

constexpr double half_quantum = 0.5 / 65535 + 1e-7;

TEST(Compare, RescalesFromTheLeastToTheMostAlikePair) {
  // Angles 0, 90 and 60 degrees: cosines 0, 0.5 and cos 30.
  const float c = 0.5F, s = std::sqrt(3.0F) / 2;
  const Similarity similarity = compare(embeddings_of({{1, 0}, {0, 1}, {c, s}}));
  EXPECT_EQ(similarity.score(0, 1), 0.0F);
  EXPECT_NEAR(similarity.score(0, 2), 0.5 / s, half_quantum);
  EXPECT_EQ(similarity.score(1, 2), 1.0F);
  EXPECT_EQ(similarity.score(2, 1), 1.0F);
  EXPECT_EQ(similarity.scores->row(1)[1], 0);
  EXPECT_EQ(similarity.statistics.pairs, 3U);
  EXPECT_NEAR(similarity.statistics.min_cosine, 0, 1e-6);
  EXPECT_NEAR(similarity.statistics.max_cosine, s, 1e-6);
  EXPECT_NEAR(similarity.statistics.mean, (0 + 0.5 / s + 1) / 3, half_quantum);
  EXPECT_NEAR(similarity.statistics.median, 0.5 / s, half_quantum);
  EXPECT_TRUE(similarity.notes.empty());
}

TEST(Compare, MedianOfAnEvenNumberOfPairsLiesBetweenTheMiddleTwo) {
  const Similarity similarity =
      compare(embeddings_of({{1, 0, 0}, {1, 1, 0}, {0, 1, 2}, {1, 1, 3}}));
  std::vector<double> scores;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = i + 1; j < 4; ++j)
      scores.push_back(static_cast<double>(similarity.score(i, j)));
  std::sort(scores.begin(), scores.end());
  EXPECT_NE(scores[2], scores[3]);
  EXPECT_DOUBLE_EQ(similarity.statistics.median, (scores[2] + scores[3]) / 2);
  EXPECT_NEAR(similarity.statistics.mean, std::accumulate(scores.begin(), scores.end(), 0.0) / 6,
              1e-15);
}

TEST(Compare, GivesEveryPairTheScoreOneWhenAllAreEquallyAlike) {
  for (const Embeddings& embeddings : {embeddings_of({{3, 1, 2}, {3, 1, 2}, {6, 2, 4}}),
                                       embeddings_of({{1, 0, 0}, {0, 1, 0}, {0, 0, 1}})}) {
    const Similarity similarity = compare(embeddings);
    EXPECT_EQ(similarity.statistics.counts[65535], 3U);
    EXPECT_EQ(similarity.statistics.mean, 1.0);
    ASSERT_EQ(similarity.notes.size(), 1U);
    EXPECT_THAT(similarity.notes[0], testing::HasSubstr("equally alike"));
  }
}

TEST(Compare, RawScoresAreCosinesCutOffAtZeroWithANote) {
  SimilarityOptions raw;
  raw.scale = SimilarityScale::raw;
  const Similarity similarity = compare(embeddings_of({{1, 0}, {-1, 0.2F}, {1, 1}}), raw);
  EXPECT_EQ(similarity.score(0, 1), 0.0F);
  EXPECT_NEAR(similarity.score(0, 2), std::sqrt(0.5), half_quantum);
  ASSERT_EQ(similarity.notes.size(), 1U);
  EXPECT_THAT(similarity.notes[0], testing::StartsWith("2 pairs"));
  EXPECT_TRUE(compare(embeddings_of({{1, 0}, {1, 1}}), raw).notes.empty());
}

TEST(Compare, TheAngleScaleIsEvenInDegrees) {
  SimilarityOptions angle;
  angle.scale = SimilarityScale::angle;
  Embeddings embeddings{RowMatrixXf(4, 2), {}, {}};
  const std::array<double, 4> degrees{0, 10, 30, 110};
  for (Eigen::Index i = 0; i < 4; ++i) {
    const double radians = degrees[static_cast<std::size_t>(i)] * std::numbers::pi / 180;
    embeddings.rows_ND.row(i) << static_cast<float>(std::cos(radians)),
        static_cast<float>(std::sin(radians));
  }
  const Similarity similarity = compare(embeddings, angle);
  EXPECT_EQ(similarity.scale, SimilarityScale::angle);
  EXPECT_EQ(similarity.score(0, 3), 0.0F);         // 110 degrees
  EXPECT_EQ(similarity.score(0, 1), 1.0F);         // 10
  EXPECT_NEAR(similarity.score(1, 2), 0.9, 1e-4);  // 20
  EXPECT_NEAR(similarity.score(1, 3), 0.1, 1e-4);  // 100, a negative cosine
}

TEST(Compare, TakesTheScaleThatTheEncoderAsksForUnlessOneIsGiven) {
  Embeddings embeddings = embeddings_of({{1, 0}, {1, 0.2F}, {1, 2}});
  EXPECT_EQ(compare(embeddings).scale, SimilarityScale::minmax);
  EXPECT_TRUE(compare(embeddings).notes.empty());
  embeddings.encoder.similarity = "angle";
  const Similarity asked = compare(embeddings);
  EXPECT_EQ(asked.scale, SimilarityScale::angle);
  ASSERT_EQ(asked.notes.size(), 1U);
  EXPECT_THAT(asked.notes[0], testing::HasSubstr("--similarity minmax"));
  SimilarityOptions plain;
  plain.scale = SimilarityScale::minmax;
  EXPECT_EQ(compare(embeddings, plain).scale, SimilarityScale::minmax);
  EXPECT_TRUE(compare(embeddings, plain).notes.empty());
}

TEST(Compare, RefusesFewerThanTwoChips) {
  EXPECT_THROW(compare(embeddings_of({{1, 0}})), InputError);
}

TEST(Compare, TwoChipsAreOnePair) {
  EXPECT_EQ(compare(embeddings_of({{1, 0}, {0, 1}})).statistics.counts[65535], 1U);
}

TEST(Compare, SpillsToAFileThatHasNoName) {
  const test::TemporaryFolder folder;
  const Embeddings embeddings{RowMatrixXf::Random(300, 16).rowwise().normalized(), {}, {}};
  const Similarity in_memory = compare(embeddings);
  const Similarity on_disk = compare(embeddings, {}, {.spill = folder.path()});
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_TRUE(std::equal(in_memory.scores->row(0), in_memory.scores->row(0) + 300 * 300,
                         on_disk.scores->row(0)));
  EXPECT_THROW(compare(embeddings, {}, {.spill = folder / "missing"}), ResourceError);
}

TEST(Compare, TellsHowFarItIsAndStopsWhenAsked) {
  const Embeddings embeddings{RowMatrixXf::Random(700, 8).rowwise().normalized(), {}, {}};
  const Resources two{.threads = 2};
  std::size_t last = 0, all = 0;
  compare(embeddings, {}, two, [&](std::string_view stage, std::size_t done, std::size_t total) {
    EXPECT_EQ(stage, "compare");
    EXPECT_EQ(done, last + 1);
    last = done;
    all = total;
  });
  EXPECT_EQ(last, all);
  EXPECT_THROW(compare(embeddings, {}, two, [](auto, auto, auto) { throw Interrupted("stop"); }),
               Interrupted);
}

TEST(Mode, IsTheLeftEdgeOfTheTallestBin) {
  EXPECT_DOUBLE_EQ(mode_of(statistics_with({{100, 5}, {40000, 9}, {65535, 2}})), 0.61);
  EXPECT_DOUBLE_EQ(mode_of(statistics_with({{100, 5}, {40000, 9}, {65535, 2}}), 4), 0.5);
  EXPECT_DOUBLE_EQ(mode_of(statistics_with({{65535, 2}})), 0.99);
}

TEST(Mode, IsTheLowestBinOnATie) {
  EXPECT_DOUBLE_EQ(mode_of(statistics_with({{20000, 7}, {50000, 7}, {10, 6}})), 0.3);
}

TEST(Histogram, ScoresOnAnInnerEdgeBelongToTheUpperBinAndOneToTheLast) {
  // 13107 / 65535 is 0.2 exactly, the left edge of bin 20 of 100.
  const auto heights =
      histogram(statistics_with({{13106, 1}, {13107, 10}, {13108, 100}, {65535, 1000}}), 100);
  EXPECT_EQ(heights[19], 1U);
  EXPECT_EQ(heights[20], 110U);
  EXPECT_EQ(heights[99], 1000U);
  EXPECT_THROW(histogram(statistics_with({}), 0), UsageError);
}

TEST(Transpose, TurnsBlocksOfAnySize) {
  for (const auto& [rows, cols] : std::vector<std::pair<std::size_t, std::size_t>>{
           {8, 8}, {1, 9}, {9, 1}, {24, 16}, {17, 31}, {256, 3}, {40, 47}}) {
    std::vector<std::uint16_t> from(rows * cols), to(rows * cols, 0);
    std::iota(from.begin(), from.end(), std::uint16_t{1});
    transpose({from.data(), cols}, {to.data(), rows}, rows, cols);
    for (std::size_t a = 0; a < rows; ++a)
      for (std::size_t b = 0; b < cols; ++b)
        ASSERT_EQ(to[b * rows + a], from[a * cols + b]) << rows << " x " << cols;
  }
}

}  // namespace
}  // namespace metamict
