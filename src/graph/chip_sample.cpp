// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/chip_sample.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "base/parallel.hpp"
#include "graph/block_product.hpp"

namespace metamict {

namespace {

/// One chip from each cell of a grid of rows x cols cells over the chips' grid.
Nodes one_from_each(const ChipGrid& grid, const Nodes& chips, long rows, long cols,
                    std::uint64_t seed) {
  std::map<std::pair<long, long>, Nodes> cells;
  for (const std::uint32_t chip : chips)
    cells[{grid.row(chip) * rows / grid.rows, grid.col(chip) * cols / grid.cols}].push_back(chip);
  std::mt19937_64 random(seed);
  Nodes taken;
  for (const auto& [cell, members] : cells) taken.push_back(members[random() % members.size()]);
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
  const auto taken_at = [&](double share) {
    const double side = std::sqrt(share);
    const auto along = [&](int chips_along) {
      return std::max(1L, static_cast<long>(std::floor(side * chips_along)));
    };
    return one_from_each(grid, chips, along(grid.rows), along(grid.cols), seed);
  };
  double low = 0, high = 1;
  Nodes best = taken_at(0);
  for (int step = 0; step < 12; ++step) {
    const double middle = (low + high) / 2;
    Nodes taken = taken_at(middle);
    if (taken.size() > most) {
      high = middle;
    } else {
      low = middle;
      if (taken.size() > best.size()) best = std::move(taken);
    }
  }
  return best;
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
