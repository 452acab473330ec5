// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics of scores from how often each of the 65,536 occurs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "metamict/similarity.hpp"

namespace metamict {

inline constexpr std::size_t quanta = 65536;

/// The mean score of `pairs` pairs.
inline double mean_of(const std::vector<std::uint64_t>& counts, std::uint64_t pairs) {
  double sum = 0;
  for (std::size_t q = 0; q < quanta; ++q)
    sum += static_cast<double>(counts[q]) * static_cast<double>(score_of(static_cast<Quantum>(q)));
  return sum / static_cast<double>(pairs);
}

/// Their median: the mean of the middle two for an even number.
inline double median_of(const std::vector<std::uint64_t>& counts, std::uint64_t pairs) {
  const auto at_rank = [&](std::uint64_t rank) {
    std::uint64_t seen = 0;
    for (std::size_t q = 0; q < quanta; ++q)
      if ((seen += counts[q]) > rank) return static_cast<double>(score_of(static_cast<Quantum>(q)));
    return 1.0;
  };
  return (at_rank((pairs - 1) / 2) + at_rank(pairs / 2)) / 2;
}

}  // namespace metamict
