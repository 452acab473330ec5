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

bool is_set(const cv::Mat& mask, cv::Point at) { return mask.at<std::uint8_t>(at) != 0; }

/// Cells from where a side is read to where its own slope is read.
int slope_cells(const GreyStepOptions& options) { return 2 * options.reach_cells + 1; }

}  // namespace

GreySteps::GreySteps(const GreyCells& cells, const GreyStepOptions& options)
    : cells_(cells), options_(options) {
  cv::Mat mean;
  cv::blur(cells.grey(), mean, {GreyCells::per_chip + 1, GreyCells::per_chip + 1}, {-1, -1},
           cv::BORDER_REFLECT);
  deviation_ = cv::abs(cells.grey() - mean);
}

double GreySteps::ripple_of(const cv::Mat& core) const {
  constexpr double to_deviation =
      1.4826;  // from the median of absolute deviations, of a normal distribution
  std::vector<float> found = values_under(core, deviation_);
  return found.empty() ? 0.0 : to_deviation * median(found) / cells_.contrast();
}

cv::Mat GreySteps::without_wedge(const cv::Mat& core) const {
  // Medians of the slopes down and across: only the few cells beside a step see it.
  const cv::Mat& grey = cells_.grey();
  const int length = slope_cells(options_);
  std::array<double, 2> slopes{};
  for (const int down : {0, 1}) {
    const cv::Point by = length * cv::Point(1 - down, down);
    std::vector<double> found;
    for (const cv::Point from : points_of(core)) {
      const cv::Point to = from + by;
      if (to.x < core.cols && to.y < core.rows && is_set(core, to))
        found.push_back(static_cast<double>(grey.at<float>(to) - grey.at<float>(from)) / length);
    }
    if (!found.empty()) slopes[static_cast<std::size_t>(down)] = median(found);
  }
  cv::Mat flat = grey.clone();
  for (int row = 0; row < flat.rows; ++row)
    for (int col = 0; col < flat.cols; ++col)
      flat.at<float>(row, col) -= static_cast<float>(slopes[0] * col + slopes[1] * row);
  return flat;
}

std::optional<GreySteps::Crossing> GreySteps::crossing_at(cv::Point here, cv::Point by,
                                                          const cv::Mat& core,
                                                          const cv::Mat& levelled) const {
  const cv::Mat& grey = cells_.grey();
  const int slope = slope_cells(options_);
  const cv::Point next = here + by, before = here - options_.reach_cells * by,
                  after = next + options_.reach_cells * by;
  const cv::Rect all({0, 0}, grey.size());
  for (const cv::Point place : {before - slope * by, before, here, next, after, after + slope * by})
    if (!all.contains(place) || !is_set(core, place)) return {};
  const auto at = [&](cv::Point place) { return levelled.at<float>(place); };
  const float from = std::max(std::min(at(here), at(next)), std::min(at(before), at(after)));
  const float to = std::min(std::max(at(here), at(next)), std::max(at(before), at(after)));
  if (from >= to) return {};
  const auto change = [&](cv::Point a, cv::Point b) {
    return std::abs(grey.at<float>(a) - grey.at<float>(b));
  };
  float beside = 0;
  for (int away = 1; away <= slope; ++away)
    beside =
        std::max({beside, change(before, before - away * by), change(after, after + away * by)});
  return Crossing{from, to,
                  (change(before, after) - beside) / static_cast<float>(cells_.contrast())};
}

std::vector<GreySteps::Crossing> GreySteps::crossings_of(const cv::Mat& core,
                                                         const cv::Mat& levelled) const {
  constexpr std::size_t most_places = 1 << 22;  // of a large region some say what all do
  const std::vector<cv::Point> places = points_of(core);
  std::vector<Crossing> found;
  for (const cv::Point here : every(places, 1 + places.size() / most_places))
    for (const cv::Point by : {cv::Point(1, 0), cv::Point(0, 1)})
      if (const auto crossing = crossing_at(here, by, core, levelled)) found.push_back(*crossing);
  return found;
}

GreySteps::Step GreySteps::step_at(double threshold, const std::vector<Crossing>& crossings) const {
  std::vector<double> steps;
  for (const Crossing& crossing : crossings)
    if (crossing.from <= threshold && threshold < crossing.to) steps.push_back(crossing.step);
  if (steps.size() < options_.least_crossings) return {};
  return {median(steps), std::accumulate(steps.begin(), steps.end(), 0.0)};
}

/// Cells of a side that are surrounded by it; what is not of the core is no other side.
cv::Mat GreySteps::inner(const cv::Mat& core, const cv::Mat& side) const {
  const cv::Mat elsewhere = ~core, around = side | elsewhere;
  return eroded(around, options_.reach_cells) & side;
}

bool GreySteps::are_sides(const cv::Mat& core, const cv::Mat& high) const {
  const cv::Mat low = core & ~high;
  return cv::countNonZero(high) >= GreyCells::in_a_chip() &&
         cv::countNonZero(low) >= GreyCells::in_a_chip() &&
         cv::countNonZero(inner(core, high)) > 0 && cv::countNonZero(inner(core, low)) > 0;
}

/// Shares of the cells find thin films, even distances what lies between two plateaus.
std::vector<double> GreySteps::thresholds_over(std::vector<float> values) const {
  std::sort(values.begin(), values.end());
  const auto tail =
      static_cast<std::size_t>(options_.tail_share * static_cast<double>(values.size()));
  const double bottom = values[tail], top = values[values.size() - 1 - tail];
  std::vector<double> thresholds;
  for (std::size_t k = 1; k < options_.thresholds; ++k) {
    thresholds.push_back(values[values.size() * k / options_.thresholds]);
    thresholds.push_back(bottom + (top - bottom) * static_cast<double>(k) /
                                      static_cast<double>(options_.thresholds));
  }
  return thresholds;
}

cv::Mat GreySteps::upper_side(const cv::Mat& core) const {
  const cv::Mat grey = without_wedge(core);  // which may change the grey by more than the step
  const std::vector<Crossing> crossings = crossings_of(core, grey);
  const double least = std::max(options_.least, options_.over_ripple * ripple_of(core));
  double most = 0;
  cv::Mat best;
  for (const double threshold : thresholds_over(values_under(core, grey))) {
    const Step step = step_at(threshold, crossings);
    if (step.along <= most || step.median < least) continue;
    const cv::Mat high = (grey > threshold) & core;
    if (!are_sides(core, high)) continue;
    most = step.along;
    best = high;
  }
  if (best.empty()) return {};
  const double above = median(values_under(inner(core, best), grey));
  const double below = median(values_under(inner(core, core & ~best), grey));
  const double middle = (above + below) / 2;
  const cv::Mat high = (grey > middle) & core;
  // A side may hold a step itself: then half-way is no better.
  return step_at(middle, crossings).median >= least && are_sides(core, high) ? high : best;
}

std::vector<Nodes> GreySteps::parts(const Nodes& region) const {
  if (cells_.contrast() <= 0) return {region};
  const cv::Mat core = cells_.core_of(region);
  if (cv::countNonZero(core) < 2 * GreyCells::in_a_chip()) return {region};
  const cv::Mat high = upper_side(core);
  if (high.empty()) return {region};
  const auto [upper, lower] = cells_.divide(region, high, core & ~high);
  if (upper.empty() || lower.empty()) return {region};
  std::vector<Nodes> found = parts(upper), rest = parts(lower);
  std::move(rest.begin(), rest.end(), std::back_inserter(found));
  return found;
}

}  // namespace metamict
