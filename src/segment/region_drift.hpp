// SPDX-License-Identifier: GPL-3.0-or-later
// Fits how a quantity of a region's chips changes steadily across the region.
#pragma once

#include <Eigen/Core>
#include <array>
#include <string>
#include <vector>

#include "metamict/result.hpp"

namespace metamict {

/// The largest ordered region of a map, and where its chips lie.
struct OrderedRegion {
  int label = 0;
  std::vector<std::size_t> nodes;
  std::vector<Eigen::Vector2d>
      places;  ///< of the chips' centres: across and down, 0 to 1 over the picture
};

/// Returns no nodes where no region is ordered, or the largest ordered one has fewer than 30 chips.
OrderedRegion largest_ordered_region(const Result& result, const RuleResult& rule);

/// A plane fitted to one value per chip.
struct Drift {
  Eigen::Vector2d change{0, 0};  ///< along the region's own extent, across and down
  double mean = 0;
  double explained = 0;  ///< share of the variance
  std::array<double, 2>
      ends{};  ///< means over the first and the last fifth along the larger change

  int axis() const { return std::abs(change[0]) >= std::abs(change[1]) ? 0 : 1; }
  /// The direction in which the value rises (or falls), as "left to right", ...
  std::string way(bool rising) const;
};

Drift fit_drift(const OrderedRegion& region, const std::vector<double>& values);

}  // namespace metamict
