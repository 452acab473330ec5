// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/contingency.hpp"

namespace metamict {
namespace {

double pairs_in(std::uint64_t count) {
  const auto n = static_cast<double>(count);
  return n * (n - 1) / 2;
}

}  // namespace

void Contingency::add(std::int32_t a, std::int32_t b) {
  // Neighbouring items mostly meet the same pair, so a run of them is counted and looked up once.
  if (run_ > 0 && a == a_ && b == b_) {
    ++run_;
    return;
  }
  flush();
  a_ = a;
  b_ = b;
  run_ = 1;
}

void Contingency::flush() {
  const std::uint64_t pair = (static_cast<std::uint64_t>(static_cast<std::uint32_t>(a_)) << 32) |
                             static_cast<std::uint32_t>(b_);
  if (run_ > 0) pairs_[pair] += run_;
  run_ = 0;
}

std::vector<Contingency::Cell> Contingency::cells() {
  flush();
  std::vector<Cell> result;
  for (const auto& [pair, count] : pairs_)
    result.push_back({static_cast<std::int32_t>(pair >> 32),
                      static_cast<std::int32_t>(pair & 0xffffffffU), count});
  return result;
}

std::map<std::int32_t, std::uint64_t> sizes_of(const std::vector<Contingency::Cell>& cells,
                                               std::int32_t Contingency::Cell::*side) {
  std::map<std::int32_t, std::uint64_t> sizes;
  for (const auto& cell : cells) sizes[cell.*side] += cell.count;
  return sizes;
}

double adjusted_rand_index(const std::vector<Contingency::Cell>& cells) {
  double both = 0, in_a = 0, in_b = 0;
  std::uint64_t items = 0;
  for (const auto& cell : cells) {
    both += pairs_in(cell.count);
    items += cell.count;
  }
  for (const auto& [label, count] : sizes_of(cells, &Contingency::Cell::a)) in_a += pairs_in(count);
  for (const auto& [label, count] : sizes_of(cells, &Contingency::Cell::b)) in_b += pairs_in(count);
  const double all = pairs_in(items);
  if (in_a == in_b && (in_a == 0 || in_a == all))
    return 1;  // both all singletons, or both one cluster
  const double expected = in_a * in_b / all, best = (in_a + in_b) / 2;
  return (both - expected) / (best - expected);
}

}  // namespace metamict
