// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/grey_step.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "image/mask.hpp"

namespace metamict {

namespace {

// The least step, in standard deviations of the lattice's pixels. On simulated scenes with drift and wedges one lattice
// steps by less than 0.10, two that differ in nothing else by 0.37 and more.
constexpr double least_step = 0.25;
// And in what the lattice leaves in the cells: true steps stand at 16 and more, those along its rows at 1.
constexpr double least_over_ripple = 6;
constexpr std::size_t enough_crossings = GreyCells::per_chip;
constexpr int least_cells = GreyCells::per_chip * GreyCells::per_chip;  // of either side
constexpr int reach = 3;              // cells from the line to where either side is read
constexpr int apart = 2 * reach + 1;  // and from there to where its slope is

std::vector<double> where(const cv::Mat& grey, const cv::Mat& mask) {
  std::vector<double> values;
  for (int row = 0; row < mask.rows; ++row)
    for (int col = 0; col < mask.cols; ++col)
      if (mask.at<std::uint8_t>(row, col) != 0) values.push_back(grey.at<float>(row, col));
  return values;
}

struct Step {
  double median = 0;
  double along = 0;  ///< the sum: most where the line runs along a border from end to end
};

/// Cells of a side that are surrounded by it; what is not of the core is no other side.
cv::Mat inner(const cv::Mat& core, const cv::Mat& side) {
  const cv::Mat elsewhere = ~core, around = side | elsewhere;
  return eroded(around, reach) & side;
}

bool are_sides(const cv::Mat& core, const cv::Mat& high) {
  const cv::Mat low = core & ~high;
  return cv::countNonZero(high) >= least_cells && cv::countNonZero(low) >= least_cells &&
         cv::countNonZero(inner(core, high)) > 0 && cv::countNonZero(inner(core, low)) > 0;
}

}  // namespace

GreySteps::GreySteps(const GreyCells& cells) : cells_(cells) {
  cv::Mat mean;
  cv::blur(cells.grey(), mean, {GreyCells::per_chip + 1, GreyCells::per_chip + 1}, {-1, -1}, cv::BORDER_REFLECT);
  deviation_ = cv::abs(cells.grey() - mean);
}

double GreySteps::ripple_of(const cv::Mat& core) const {
  constexpr double to_deviation = 1.4826;  // from the median of absolute deviations
  std::vector<double> found = where(deviation_, eroded(core, GreyCells::per_chip / 4));
  return found.empty() ? 0.0 : to_deviation * quantile(found, 0.5) / cells_.contrast();
}

cv::Mat GreySteps::without_wedge(const cv::Mat& core) const {
  // Medians of the slopes down and across: only the few cells beside a step see it.
  const cv::Mat& grey = cells_.grey();
  std::array<double, 2> slopes{};
  for (const int down : {0, 1}) {
    std::vector<double> found;
    for (int row = 0; row + down * apart < core.rows; ++row)
      for (int col = 0; col + (1 - down) * apart < core.cols; ++col) {
        const cv::Point from(col, row), to(col + (1 - down) * apart, row + down * apart);
        if (core.at<std::uint8_t>(from) != 0 && core.at<std::uint8_t>(to) != 0)
          found.push_back(static_cast<double>(grey.at<float>(to) - grey.at<float>(from)) / apart);
      }
    if (!found.empty()) slopes[static_cast<std::size_t>(down)] = quantile(found, 0.5);
  }
  cv::Mat flat = grey.clone();
  for (int row = 0; row < flat.rows; ++row)
    for (int col = 0; col < flat.cols; ++col)
      flat.at<float>(row, col) -= static_cast<float>(slopes[0] * col + slopes[1] * row);
  return flat;
}

std::vector<GreySteps::Crossing> GreySteps::crossings_of(const cv::Mat& core, const cv::Mat& levelled) const {
  const cv::Mat& grey = cells_.grey();
  const cv::Rect all({0, 0}, grey.size());
  std::vector<Crossing> found;
  for (int row = 0; row < grey.rows; ++row)
    for (int col = 0; col < grey.cols; ++col)
      for (const cv::Point by : {cv::Point(1, 0), cv::Point(0, 1)}) {
        const cv::Point here(col, row), next = here + by, before = here - reach * by, after = next + reach * by;
        const cv::Point far_before = before - apart * by, far_after = after + apart * by;
        if (!all.contains(far_before) || !all.contains(far_after)) continue;
        const auto in_core = [&](cv::Point at) { return core.at<std::uint8_t>(at) != 0; };
        if (!in_core(here) || !in_core(next) || !in_core(before) || !in_core(after) || !in_core(far_before) ||
            !in_core(far_after))
          continue;
        const auto at = [&](cv::Point place) { return levelled.at<float>(place); };
        const float from = std::max(std::min(at(here), at(next)), std::min(at(before), at(after)));
        const float to = std::min(std::max(at(here), at(next)), std::max(at(before), at(after)));
        if (from >= to) continue;
        const auto change = [&](cv::Point a, cv::Point b) { return std::abs(grey.at<float>(a) - grey.at<float>(b)); };
        float beside = 0;
        for (int away = 1; away <= apart; ++away)
          beside = std::max({beside, change(before, before - away * by), change(after, after + away * by)});
        found.push_back({from, to, (change(before, after) - beside) / static_cast<float>(cells_.contrast())});
      }
  return found;
}

cv::Mat GreySteps::upper_side(const cv::Mat& core) const {
  const cv::Mat grey = without_wedge(core);  // which may change the grey by more than the step
  const std::vector<Crossing> crossings = crossings_of(core, grey);
  const double least = std::max(least_step, least_over_ripple * ripple_of(core));
  const auto step_at = [&](double threshold) {
    std::vector<double> steps;
    for (const Crossing& crossing : crossings)
      if (crossing.from <= threshold && threshold < crossing.to) steps.push_back(crossing.step);
    if (steps.size() < enough_crossings) return Step{};
    return Step{quantile(steps, 0.5), std::accumulate(steps.begin(), steps.end(), 0.0)};
  };
  std::vector<double> values = where(grey, core);
  std::sort(values.begin(), values.end());
  // Shares find thin films, even distances what lies between two plateaus.
  constexpr std::size_t shares = 40;
  std::vector<double> thresholds;
  const double bottom = values[values.size() / 100], top = values[values.size() - 1 - values.size() / 100];
  for (std::size_t k = 1; k < shares; ++k) {
    thresholds.push_back(values[values.size() * k / shares]);
    thresholds.push_back(bottom + (top - bottom) * static_cast<double>(k) / shares);
  }
  double most = 0;
  cv::Mat best;
  for (const double threshold : thresholds) {
    const Step step = step_at(threshold);
    if (step.along <= most || step.median < least) continue;
    const cv::Mat high = (grey > threshold) & core;
    if (are_sides(core, high)) most = step.along, best = high;
  }
  if (best.empty()) return {};
  std::vector<double> above = where(grey, inner(core, best)), below = where(grey, inner(core, core & ~best));
  const double middle = (quantile(above, 0.5) + quantile(below, 0.5)) / 2;
  cv::Mat high = (grey > middle) & core;
  return step_at(middle).median >= least && are_sides(core, high) ? high : best;  // a side may hold a step itself
}

std::vector<Nodes> GreySteps::parts(const Nodes& region) const {
  if (cells_.contrast() <= 0) return {region};
  const cv::Mat core = eroded(cells_.mask_of(region), GreyCells::margin);
  if (cv::countNonZero(core) < 2 * least_cells) return {region};
  const cv::Mat high = upper_side(core);
  if (high.empty()) return {region};
  const auto [upper, lower] = cells_.divide(region, high, core & ~high);
  if (upper.empty() || lower.empty()) return {region};
  std::vector<Nodes> found = parts(upper), rest = parts(lower);
  std::move(rest.begin(), rest.end(), std::back_inserter(found));
  return found;
}

}  // namespace metamict
