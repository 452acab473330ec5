// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/communities/dense_kernels.hpp"

#include "base/clones.hpp"

// Whole numbers, so every processor's version gives the same sums.
namespace metamict {
namespace {

METAMICT_CLONES std::uint64_t sum_scores(const Quantum* __restrict row, std::size_t count,
                                         std::uint32_t threshold) {
  std::uint64_t sum = 0;
  // Pieces short enough for 32-bit sums, which are twice as wide a vector as 64-bit ones.
  for (std::size_t first = 0; first < count; first += 65536) {
    const std::size_t last = first + 65536 < count ? first + 65536 : count;
    std::uint32_t part = 0;
    for (std::size_t k = first; k < last; ++k) part += row[k] >= threshold ? row[k] : 0U;
    sum += part;
  }
  return sum;
}

METAMICT_CLONES std::uint64_t sum_units(const Quantum* __restrict row, std::size_t count,
                                        std::uint32_t threshold) {
  std::uint64_t sum = 0;
  for (std::size_t k = 0; k < count; ++k) sum += row[k] >= threshold ? 1U : 0U;
  return sum;
}

METAMICT_CLONES void add_scores(const Quantum* __restrict row, std::size_t count,
                                std::uint32_t threshold, std::uint32_t* __restrict sums) {
  for (std::size_t k = 0; k < count; ++k) sums[k] += row[k] >= threshold ? row[k] : 0U;
}

METAMICT_CLONES void add_units(const Quantum* __restrict row, std::size_t count,
                               std::uint32_t threshold, std::uint32_t* __restrict sums) {
  for (std::size_t k = 0; k < count; ++k) sums[k] += row[k] >= threshold ? 1U : 0U;
}

METAMICT_CLONES void move_scores(const Quantum* __restrict row, std::size_t count,
                                 std::uint32_t threshold, std::uint32_t* __restrict from,
                                 std::uint32_t* __restrict to) {
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint32_t weight = row[k] >= threshold ? row[k] : 0U;
    from[k] -= weight;
    to[k] += weight;
  }
}

METAMICT_CLONES void move_units(const Quantum* __restrict row, std::size_t count,
                                std::uint32_t threshold, std::uint32_t* __restrict from,
                                std::uint32_t* __restrict to) {
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint32_t weight = row[k] >= threshold ? 1U : 0U;
    from[k] -= weight;
    to[k] += weight;
  }
}

}  // namespace

std::uint64_t sum_row(const Quantum* row, std::size_t count, Kept kept) {
  return kept.unit ? sum_units(row, count, kept.threshold) : sum_scores(row, count, kept.threshold);
}

void add_row(const Quantum* row, std::size_t count, Kept kept, std::uint32_t* sums) {
  kept.unit ? add_units(row, count, kept.threshold, sums)
            : add_scores(row, count, kept.threshold, sums);
}

void move_row(const Quantum* row, std::size_t count, Kept kept, std::uint32_t* from,
              std::uint32_t* to) {
  kept.unit ? move_units(row, count, kept.threshold, from, to)
            : move_scores(row, count, kept.threshold, from, to);
}

METAMICT_CLONES void add_sums(const std::uint32_t* __restrict others, std::size_t count,
                              std::uint32_t* __restrict sums) {
  for (std::size_t k = 0; k < count; ++k) sums[k] += others[k];
}

}  // namespace metamict
