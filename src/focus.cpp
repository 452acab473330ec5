// SPDX-License-Identifier: GPL-3.0-or-later
#include "focus.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <string>

namespace metamict {

namespace {

constexpr double smallest_change = 0.25, smallest_share_explained = 0.4;
constexpr std::size_t fewest_chips = 30;

const Region* largest_ordered(const RuleResult& rule) {
  for (const Region& region : rule.regions)   // by falling area
    if (is_ordered(region.order)) return &region;
  return nullptr;
}

}  // namespace

void note_focus_gradient(const Result& result, const RuleResult& rule, Notes& notes) {
  const Region* region = largest_ordered(rule);
  if (region == nullptr || region->chips < fewest_chips) return;
  std::vector<Eigen::Vector3d> places;
  std::vector<double> contrast;
  for (std::size_t node = 0; node < result.grid.chips(); ++node) {
    if (rule.map.label_of_community[static_cast<std::size_t>(rule.communities.community[node])] != region->label) continue;
    places.emplace_back(1.0, static_cast<double>(result.grid.col(node)) / std::max(1, result.grid.cols - 1), static_cast<double>(result.grid.row(node)) / std::max(1, result.grid.rows - 1));
    contrast.push_back(static_cast<double>(result.order[node]) * result.order[node]);
  }
  Eigen::Matrix3d normal = Eigen::Matrix3d::Zero();
  Eigen::Vector3d right = Eigen::Vector3d::Zero(), low = places.front(), high = places.front();
  double mean = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    normal += places[i] * places[i].transpose();
    right += places[i] * contrast[i];
    mean += contrast[i] / static_cast<double>(contrast.size());
    low = low.cwiseMin(places[i]), high = high.cwiseMax(places[i]);
  }
  const Eigen::Vector3d plane = (normal + 1e-9 * Eigen::Matrix3d::Identity()).ldlt().solve(right);
  double left_over = 0, all = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    left_over += std::pow(contrast[i] - plane.dot(places[i]), 2);
    all += std::pow(contrast[i] - mean, 2);
  }
  const Eigen::Vector3d change = plane.cwiseProduct(high - low);   // along the region, across and down
  const int axis = std::abs(change[1]) >= std::abs(change[2]) ? 1 : 2;
  const double best = mean + std::abs(change[axis]) / 2;
  if (all <= 0 || 1 - left_over / all < smallest_share_explained || best <= 0 || std::abs(change[axis]) / best < smallest_change) return;
  const bool falls = change[axis] < 0;
  // The figure itself from what was seen at the two ends, not from the plane, which may run below zero.
  const double fifth = (high[axis] - low[axis]) / 5;
  double ends[2] = {0, 0};
  std::size_t counts[2] = {0, 0};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool first = places[i][axis] <= low[axis] + fifth, last = places[i][axis] >= high[axis] - fifth;
    if (first || last) ends[first ? 0 : 1] += contrast[i], ++counts[first ? 0 : 1];
  }
  const double from = ends[falls ? 0 : 1] / static_cast<double>(std::max<std::size_t>(1, counts[falls ? 0 : 1])),
               to = ends[falls ? 1 : 0] / static_cast<double>(std::max<std::size_t>(1, counts[falls ? 1 : 0]));
  if (from <= 0 || 1 - to / from < smallest_change) return;
  const std::string way = axis == 1 ? (falls ? "left to right" : "right to left") : (falls ? "top to bottom" : "bottom to top");
  notes.push_back("the lattice contrast of region " + std::to_string(region->label) + " falls by " + std::to_string(std::lround(100 * (1 - to / from))) +
                  " % from " + way + ": the focus or the thickness drifts, and the order index with it");
}

}  // namespace metamict
