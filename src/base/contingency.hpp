// SPDX-License-Identifier: GPL-3.0-or-later
// How two labelings of the same items meet: what every comparison of partitions is computed from.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

namespace metamict {

/// Counts how often each pair of labels meets.
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

/// Items of each label of one side, `&Contingency::Cell::a` or `b`.
std::map<std::int32_t, std::uint64_t> sizes_of(const std::vector<Contingency::Cell>& cells,
                                               std::int32_t Contingency::Cell::*side);

/// Adjusted Rand index (Hubert and Arabie 1985); 1 for identical partitions, also when both are trivial.
double adjusted_rand_index(const std::vector<Contingency::Cell>& cells);

}  // namespace metamict
