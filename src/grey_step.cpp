// SPDX-License-Identifier: GPL-3.0-or-later
#include "grey_step.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "chip_mask.hpp"
#include "metamict/order.hpp"
#include "parallel.hpp"
#include "quantile.hpp"

namespace metamict {

namespace {

// The least step, in standard deviations of the chips' pixels. On simulated scenes with drift and wedges one lattice
// steps by less than 0.10, two that differ in nothing else by 0.37 and more. Where there is no lattice, polycrystals
// and speckle are patchy: the step must be larger, and all but a tenth of either side in one piece.
constexpr double least_step_of_lattices = 0.25, least_step_of_others = 0.5;
constexpr std::size_t enough_crossings = 8;

std::vector<double> where(const cv::Mat& grey, const cv::Mat& mask) {
  std::vector<double> values;
  for (int row = 0; row < mask.rows; ++row)
    for (int col = 0; col < mask.cols; ++col)
      if (mask.at<std::uint8_t>(row, col) != 0) values.push_back(grey.at<float>(row, col));
  return values;
}

/// Chips in a line, from one side of a border to the other.
struct Line {
  const cv::Mat &grey, &core, &high;
  int row, col, down, across;

  /// The grey `steps` chips along; nothing outside of the region's core.
  std::optional<double> at(int steps) const {
    const int y = row + steps * down, x = col + steps * across;
    if (y < 0 || x < 0 || y >= grey.rows || x >= grey.cols || core.at<std::uint8_t>(y, x) == 0) return std::nullopt;
    return grey.at<float>(y, x);
  }
  bool is_high(int steps) const { return high.at<std::uint8_t>(row + steps * down, col + steps * across) != 0; }
};

/// The change over a line beyond that as far again on either side. In a lattice both must be there, and the larger
/// counts: on a particle's flank or in a dark line one of them is steep. Where there is none, one side may be patchy:
/// the calmer counts. The chip at 0 is the last of one side.
std::optional<double> step_over(const Line& line, int half_chip, bool ordered) {
  const int before = -half_chip, after = 1 + half_chip, apart = after - before;
  if (!line.at(0) || !line.at(1) || line.is_high(0) == line.is_high(1)) return std::nullopt;
  const std::optional<double> a = line.at(before), b = line.at(after);
  if (!a || !b || line.is_high(before) == line.is_high(after)) return std::nullopt;
  const std::optional<double> far_a = line.at(before - apart), far_b = line.at(after + apart);
  if (ordered ? !far_a || !far_b : !far_a && !far_b) return std::nullopt;
  const double slope_a = std::abs(*a - far_a.value_or(*a)), slope_b = std::abs(*b - far_b.value_or(*b));
  double slope = ordered ? std::max(slope_a, slope_b) : std::min(slope_a, slope_b);
  if (!far_a) slope = slope_b;
  if (!far_b) slope = slope_a;
  return std::abs(*b - *a) - slope;
}

}  // namespace

ChipGreys chip_greys(const Micrograph& canonical, const ChipGrid& grid, int threads) {
  ChipGreys greys{cv::Mat(grid.rows, grid.cols, CV_32F), cv::Mat(grid.rows, grid.cols, CV_32F)};
  parallel_for(static_cast<std::size_t>(grid.rows), threads, [&](std::size_t, std::size_t grid_row) {
    const auto row = static_cast<int>(grid_row);
    for (int col = 0; col < grid.cols; ++col) {
      cv::Scalar mean, deviation;
      cv::meanStdDev(canonical.pixels(grid.chip(grid.node(row, col))), mean, deviation);
      greys.mean.at<float>(row, col) = static_cast<float>(mean[0]);
      greys.contrast.at<float>(row, col) = static_cast<float>(deviation[0]);
    }
  });
  return greys;
}

GreySteps::GreySteps(const ChipGrid& grid, const ChipGreys& greys, const std::vector<float>& order)
    : grey_(greys.mean), half_chip_(half_chip(grid)) {
  std::vector<double> contrasts;
  for (std::size_t node = 0; node < order.size(); ++node)
    if (is_ordered(order[node])) contrasts.push_back(greys.contrast.at<float>(grid.row(node), grid.col(node)));
  if (!contrasts.empty()) contrast_ = quantile(contrasts, 0.5);
}

GreySteps::Step GreySteps::step_of(const cv::Mat& core, const cv::Mat& high, bool ordered) const {
  std::vector<double> steps;
  for (int row = 0; row < grey_.rows; ++row)
    for (int col = 0; col < grey_.cols; ++col)
      for (const int down : {0, 1})
        if (const auto step = step_over({grey_, core, high, row, col, down, 1 - down}, half_chip_, ordered))
          steps.push_back(*step / contrast_);
  if (steps.size() < enough_crossings) return {};
  return {quantile(steps, 0.5), std::accumulate(steps.begin(), steps.end(), 0.0)};
}

cv::Mat GreySteps::inner(const cv::Mat& core, const cv::Mat& side) const {
  const cv::Mat elsewhere = ~core, around = side | elsewhere;
  return eroded(around, half_chip_) & core & side;
}

cv::Mat GreySteps::without_wedge(const cv::Mat& core) const {
  // Medians of the slopes down and across: only the few chips beside a step see it.
  const int apart = 2 * half_chip_ + 1;
  std::array<double, 2> slopes{};
  for (const int down : {0, 1}) {
    std::vector<double> found;
    for (int row = 0; row + down * apart < core.rows; ++row)
      for (int col = 0; col + (1 - down) * apart < core.cols; ++col) {
        const cv::Point from(col, row), to(col + (1 - down) * apart, row + down * apart);
        if (core.at<std::uint8_t>(from) != 0 && core.at<std::uint8_t>(to) != 0)
          found.push_back(static_cast<double>(grey_.at<float>(to) - grey_.at<float>(from)) / apart);
      }
    if (!found.empty()) slopes[static_cast<std::size_t>(down)] = quantile(found, 0.5);
  }
  cv::Mat flat = grey_.clone();
  for (int row = 0; row < flat.rows; ++row)
    for (int col = 0; col < flat.cols; ++col)
      flat.at<float>(row, col) -= static_cast<float>(slopes[0] * col + slopes[1] * row);
  return flat;
}

cv::Mat GreySteps::upper_side(const cv::Mat& core, bool ordered) const {
  // A wedge may change the grey by more than the step; in thin layers without a lattice the step would be taken for
  // one.
  const cv::Mat grey = ordered ? without_wedge(core) : grey_;
  std::vector<double> values = where(grey, core);
  std::sort(values.begin(), values.end());
  constexpr int thresholds = 40;
  double most = 0;
  cv::Mat best;
  for (int k = 1; k < thresholds; ++k) {
    const cv::Mat high = (grey > values[values.size() * static_cast<std::size_t>(k) / thresholds]) & core;
    const Step step = step_of(core, high, ordered);
    if (step.along > most && is_border(step, core, high, ordered)) most = step.along, best = high;
  }
  if (best.empty()) return {};
  std::vector<double> above = where(grey, inner(core, best)), below = where(grey, inner(core, core & ~best));
  const cv::Mat midway = (grey > (quantile(above, 0.5) + quantile(below, 0.5)) / 2) & core;
  return is_border(step_of(core, midway, ordered), core, midway, ordered) ? midway : cv::Mat();
}

bool GreySteps::is_border(const Step& step, const cv::Mat& core, const cv::Mat& high, bool ordered) const {
  if (step.median < (ordered ? least_step_of_lattices : least_step_of_others)) return false;
  const cv::Mat low = core & ~high;
  if (cv::countNonZero(inner(core, high)) == 0 || cv::countNonZero(inner(core, low)) == 0) return false;
  return ordered || (is_one_piece(high) && is_one_piece(low));
}

std::vector<std::vector<std::uint32_t>> GreySteps::parts(const std::vector<std::uint32_t>& region, bool ordered) const {
  if (contrast_ <= 0) return {region};
  cv::Mat mask = cv::Mat::zeros(grey_.size(), CV_8UC1);
  const auto at = [&](std::uint32_t node) {
    return cv::Point(static_cast<int>(node) % grey_.cols, static_cast<int>(node) / grey_.cols);
  };
  for (const std::uint32_t node : region) mask.at<std::uint8_t>(at(node)) = 255;
  const cv::Mat core = eroded(mask, half_chip_);  // chips that show nothing of the neighbouring regions
  if (cv::countNonZero(core) == 0) return {region};
  const cv::Mat high = upper_side(core, ordered);
  if (high.empty()) return {region};
  // Chips that show something of the neighbours go with the nearest that do not.
  cv::Mat to_high, to_low;
  cv::distanceTransform(high == 0, to_high, cv::DIST_L2, cv::DIST_MASK_5);
  cv::distanceTransform((core & ~high) == 0, to_low, cv::DIST_L2, cv::DIST_MASK_5);
  std::vector<std::uint32_t> upper, lower;
  for (const std::uint32_t node : region)
    (to_high.at<float>(at(node)) < to_low.at<float>(at(node)) ? upper : lower).push_back(node);
  std::vector<std::vector<std::uint32_t>> found = parts(upper, ordered);
  for (std::vector<std::uint32_t>& part : parts(lower, ordered)) found.push_back(std::move(part));
  return found;
}

}  // namespace metamict
