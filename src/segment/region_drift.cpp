// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/region_drift.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "metamict/order.hpp"

namespace metamict {

namespace {

constexpr std::size_t fewest_chips = 30;

}  // namespace

OrderedRegion largest_ordered_region(const Result& result, const RuleResult& rule) {
  OrderedRegion found;
  const auto region = std::find_if(rule.regions.begin(), rule.regions.end(), [](const Region& r) {
    return is_ordered(r.order);
  });  // by falling area
  if (region == rule.regions.end() || region->chips < fewest_chips) return found;
  found.label = region->label;
  const cv::Size2d picture = result.grid.input_size;
  for (std::size_t node = 0; node < result.grid.chips(); ++node) {
    if (label_of_chip(rule.map, rule.communities, node) != region->label) continue;
    const cv::Rect2d chip = result.grid.chip_in_input(node);
    found.nodes.push_back(node);
    found.places.emplace_back((chip.x + chip.width / 2) / picture.width,
                              (chip.y + chip.height / 2) / picture.height);
  }
  return found;
}

std::string Drift::way(bool rising) const {
  const bool forward = (change[axis()] > 0) == rising;
  if (axis() == 0) return forward ? "left to right" : "right to left";
  return forward ? "top to bottom" : "bottom to top";
}

Drift fit_drift(const OrderedRegion& region, const std::vector<double>& values) {
  Eigen::Matrix3d normal = 1e-9 * Eigen::Matrix3d::Identity();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  Eigen::Vector2d low = region.places.front(), high = low;
  Drift drift;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Eigen::Vector3d place = region.places[i].homogeneous();
    normal += place * place.transpose();
    right += place * values[i];
    low = low.cwiseMin(region.places[i]);
    high = high.cwiseMax(region.places[i]);
    drift.mean += values[i] / static_cast<double>(values.size());
  }
  const Eigen::Vector3d plane = normal.ldlt().solve(right);
  double left_over = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    left_over += std::pow(values[i] - plane.dot(region.places[i].homogeneous()), 2);
    all += std::pow(values[i] - drift.mean, 2);
  }
  drift.change = plane.head<2>().cwiseProduct(high - low);
  drift.explained = all > 0 ? 1 - left_over / all : 0;
  const int axis = drift.axis();
  const double fifth = (high[axis] - low[axis]) / 5;
  std::array<std::size_t, 2> counts{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool first = region.places[i][axis] <= low[axis] + fifth,
               last = region.places[i][axis] >= high[axis] - fifth;
    if (first || last) {
      drift.ends[first ? 0 : 1] += values[i];
      ++counts[first ? 0 : 1];
    }
  }
  for (std::size_t k = 0; k < 2; ++k)
    drift.ends[k] /= static_cast<double>(std::max<std::size_t>(1, counts[k]));
  return drift;
}

}  // namespace metamict
