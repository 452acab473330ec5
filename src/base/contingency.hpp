// SPDX-License-Identifier: GPL-3.0-or-later
// Counts how the labels of two labelings meet. Every comparison of partitions is computed from
// these counts.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace metamict {

/// Counts how many items have label a in the one labeling and label b in the other.
class Contingency {
 public:
  struct Cell {
    std::int32_t a, b;
    std::uint64_t count;
  };

  void add(std::int32_t a, std::int32_t b);
  std::vector<Cell> cells();

 private:
  void flush();

  std::unordered_map<std::uint64_t, std::uint64_t> pairs_;
  std::int32_t a_ = 0, b_ = 0;
  std::uint64_t run_ = 0;
};

/// Counts the items of each label of one labeling, `&Contingency::Cell::a` or `b`.
std::map<std::int32_t, std::uint64_t> sizes_of(const std::vector<Contingency::Cell>& cells,
                                               std::int32_t Contingency::Cell::*side);

/// Adjusted Rand index (Hubert and Arabie 1985). It is 1 for identical partitions, also for trivial
/// ones.
double adjusted_rand_index(const std::vector<Contingency::Cell>& cells);

}  // namespace metamict
