// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/chip_sample.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "base/parallel.hpp"
#include "graph/block_product.hpp"

namespace metamict {

namespace {

/// Cells over the chips' grid, in rows.
struct CellGrid {
  const ChipGrid& grid;
  long rows, cols;

  std::size_t cells() const { return static_cast<std::size_t>(rows * cols); }
  std::size_t of(std::uint32_t chip) const {
    return static_cast<std::size_t>(grid.row(chip) * rows / grid.rows * cols +
                                    grid.col(chip) * cols / grid.cols);
  }
};

/// Cells that are a share of the grid's chips in number.
CellGrid cells_over(const ChipGrid& grid, double share) {
  const double side = std::sqrt(share);
  const auto along = [&](int chips_along) {
    return std::max(1L, static_cast<long>(std::floor(side * chips_along)));
  };
  return {grid, along(grid.rows), along(grid.cols)};
}

/// How many cells hold any of the chips.
std::size_t occupied(const CellGrid& cells, const Nodes& chips) {
  std::vector<bool> holds(cells.cells(), false);
  for (const std::uint32_t chip : chips) holds[cells.of(chip)] = true;
  return static_cast<std::size_t>(std::count(holds.begin(), holds.end(), true));
}

/// One chip at random from each cell that holds any.
Nodes one_from_each(const CellGrid& cells, const Nodes& chips, std::uint64_t seed) {
  std::vector<Nodes> members(cells.cells());
  for (const std::uint32_t chip : chips) members[cells.of(chip)].push_back(chip);
  std::mt19937_64 random(seed);
  Nodes taken;
  for (const Nodes& some : members)
    if (!some.empty()) taken.push_back(some[random() % some.size()]);
  std::sort(taken.begin(), taken.end());
  return taken;
}

/// The mean direction of each community that takes chips in, one row each, and its number.
struct Directions {
  RowMatrixXf rows_CD;
  std::vector<std::int32_t> communities;
};

Directions directions_of(const Communities& found, const Nodes& some, const RowMatrixXf& rows_ND) {
  std::vector<std::size_t> sizes(static_cast<std::size_t>(found.count), 0);
  for (const std::int32_t community : found.community) ++sizes[static_cast<std::size_t>(community)];
  const bool any_group =
      std::any_of(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 1; });
  Directions directions;
  std::vector<Eigen::Index> row_of(sizes.size(), -1);
  for (std::size_t community = 0; community < sizes.size(); ++community)
    if (sizes[community] > (any_group ? 1U : 0U)) {
      row_of[community] = static_cast<Eigen::Index>(directions.communities.size());
      directions.communities.push_back(static_cast<std::int32_t>(community));
    }
  directions.rows_CD =
      RowMatrixXf::Zero(static_cast<Eigen::Index>(directions.communities.size()), rows_ND.cols());
  for (std::size_t i = 0; i < some.size(); ++i)
    if (const Eigen::Index row = row_of[static_cast<std::size_t>(found.community[i])]; row >= 0)
      directions.rows_CD.row(row) += rows_ND.row(some[i]);
  directions.rows_CD.rowwise().normalize();
  return directions;
}

}  // namespace

Nodes sample_of(const ChipGrid& grid, const Nodes& chips, std::size_t most, std::uint64_t seed) {
  if (chips.size() <= most) return chips;
  // The cells that hold chips may be fewer than all cells, so their number is found by halving.
  double low = 0, high = 1, best = 0;
  std::size_t best_count = occupied(cells_over(grid, best), chips);
  for (int step = 0; step < 12; ++step) {
    const double middle = (low + high) / 2;
    const std::size_t count = occupied(cells_over(grid, middle), chips);
    if (count > most) {
      high = middle;
      continue;
    }
    low = middle;
    if (count > best_count) {
      best = middle;
      best_count = count;
    }
  }
  return one_from_each(cells_over(grid, best), chips, seed);
}

Communities spread(const Communities& found, const Nodes& some, const Nodes& all,
                   const RowMatrixXf& rows_ND, int threads) {
  if (some.size() == all.size()) return found;
  const Directions directions = directions_of(found, some, rows_ND);
  std::vector<double> stability(static_cast<std::size_t>(found.count), 0),
      sizes(static_cast<std::size_t>(found.count), 0);
  for (std::size_t i = 0; i < some.size(); ++i) {
    stability[static_cast<std::size_t>(found.community[i])] += found.node_stability[i];
    sizes[static_cast<std::size_t>(found.community[i])] += 1;
  }
  Communities result = found;
  result.community.assign(all.size(), 0);
  result.node_stability.assign(all.size(), 1.0F);
  constexpr std::size_t block = 1024;  // of rows that are compared at once
  parallel_for((all.size() + block - 1) / block, threads, [&](std::size_t, std::size_t k) {
    const std::size_t first = k * block, last = std::min(all.size(), first + block);
    const Nodes rows(all.begin() + static_cast<std::ptrdiff_t>(first),
                     all.begin() + static_cast<std::ptrdiff_t>(last));
    const RowMatrixXf alike = row_products(rows_ND(rows, Eigen::all), directions.rows_CD);
    for (std::size_t i = first; i < last; ++i) {
      Eigen::Index best = 0;
      alike.row(static_cast<Eigen::Index>(i - first)).maxCoeff(&best);
      const std::int32_t community = directions.communities[static_cast<std::size_t>(best)];
      const auto at = static_cast<std::size_t>(community);
      result.community[i] = community;
      result.node_stability[i] = static_cast<float>(stability[at] / sizes[at]);
    }
  });
  for (std::size_t i = 0; i < some.size(); ++i) {
    const auto at =
        static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), some[i]) - all.begin());
    result.community[at] = found.community[i];
    result.node_stability[at] = found.node_stability[i];
  }
  return result;
}

}  // namespace metamict
