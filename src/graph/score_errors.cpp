// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/parallel.hpp"
#include "graph/score_counts.hpp"
#include "metamict/similarity.hpp"

namespace metamict {

namespace {

constexpr std::size_t groups = 8;
using Counts = std::vector<std::uint64_t>;

/// The number of an unordered pair of groups.
std::size_t pair_of(std::size_t a, std::size_t b) {
  const auto [low, high] = std::minmax(a, b);
  return high * (high + 1) / 2 + low;
}
constexpr std::size_t group_pairs = groups * (groups + 1) / 2;

/// Counts the scores by the groups of their two chips.
std::vector<Counts> counted_by_groups(const ScoreMatrix& scores, int threads) {
  std::vector<Counts> counts(group_pairs, Counts(quanta, 0));
  // A worker takes the rows of one group, so that no two write to the same counts.
  parallel_for(groups, threads, [&](std::size_t, std::size_t group) {
    std::vector<Counts> own(groups, Counts(quanta, 0));
    for (std::size_t i = group; i < scores.nodes(); i += groups) {
      const Quantum* row = scores.row(i);
      for (std::size_t j = 0; j < scores.nodes(); ++j) ++own[j % groups][row[j]];
      --own[group][row[i]];  // the diagonal is no pair
    }
    for (std::size_t other = 0; other <= group; ++other) {
      Counts& to = counts[pair_of(group, other)];
      for (std::size_t q = 0; q < quanta; ++q)
        to[q] = other == group ? own[other][q] / 2 : own[other][q];
    }
  });
  return counts;
}

/// Of a statistic from its values where each group in turn is left out.
double jackknife(const std::array<double, groups>& values) {
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / groups;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares * (groups - 1) / groups);
}

}  // namespace

ScoreErrors score_errors(const Similarity& similarity, int mode_bins, int threads) {
  if (similarity.nodes() < 2 * groups) return {};
  const std::vector<Counts> counts = counted_by_groups(*similarity.scores, threads);
  std::array<double, groups> means{}, medians{}, modes{};
  for (std::size_t left_out = 0; left_out < groups; ++left_out) {
    SimilarityStatistics rest;
    rest.counts.assign(quanta, 0);
    for (std::size_t a = 0; a < groups; ++a)
      for (std::size_t b = 0; b <= a; ++b) {
        if (a == left_out || b == left_out) continue;
        const Counts& some = counts[pair_of(a, b)];
        for (std::size_t q = 0; q < quanta; ++q) rest.counts[q] += some[q];
      }
    for (const std::uint64_t count : rest.counts) rest.pairs += count;
    means[left_out] = mean_of(rest.counts, rest.pairs);
    medians[left_out] = median_of(rest.counts, rest.pairs);
    modes[left_out] = mode_of(rest, mode_bins);
  }
  return {jackknife(means), jackknife(medians), jackknife(modes)};
}

}  // namespace metamict
