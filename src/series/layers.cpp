// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/layers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "metamict/order.hpp"
#include "series/upright.hpp"

namespace metamict {

namespace {

constexpr double edge_share = 0.2;  // of an edge: what holds less of it does not belong there
constexpr double stacked_from =
    0.6;  // share of the variance of depth that lies between the regions
constexpr int coarse_px = 256;

double order_of(const std::vector<Region>& regions, int label) {
  return label > 0 ? regions[static_cast<std::size_t>(label - 1)].order : 0.0;
}

/// The share of the variance of depth that lies between the labels. It is 1 for even layers stacked
/// along `angle_deg`.
double stacking(const cv::Mat& labels, std::size_t count, double angle_deg) {
  const double angle = angle_deg * std::numbers::pi / 180, dx = -std::cos(angle),
               dy = std::sin(angle);
  std::vector<double> pixels(count, 0.0), sums(count, 0.0);
  double total = 0, squares = 0, all = 0;
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      const std::size_t label = labels.at<std::uint16_t>(y, x);
      if (label == 0) continue;
      const double depth = dx * x + dy * y;
      pixels[label] += 1;
      sums[label] += depth;
      all += 1;
      total += depth;
      squares += depth * depth;
    }
  double between = 0;
  for (std::size_t label = 1; label < count; ++label)
    if (pixels[label] > 0) between += sums[label] * sums[label] / pixels[label];
  const double variance = squares - total * total / std::max(all, 1.0);
  return variance > 0 ? (between - total * total / all) / variance : 0;
}

cv::Mat coarse_copy(const cv::Mat& labels) {
  const double factor =
      std::min(1.0, static_cast<double>(coarse_px) / std::max(labels.rows, labels.cols));
  cv::Mat small;
  cv::resize(labels, small, {}, factor, factor, cv::INTER_NEAREST);
  return small;
}

/// The share of the picture's upper (or lower) edge that each label holds.
std::vector<double> shares_of_edge(const cv::Mat& turned, std::size_t count, bool upper) {
  std::vector<double> shares(count, 0.0);
  double columns = 0;
  for (int x = 0; x < turned.cols; ++x)
    for (int step = 0; step < turned.rows; ++step) {
      const std::size_t label = turned.at<std::uint16_t>(upper ? step : turned.rows - 1 - step, x);
      if (label == 0) continue;
      shares[label] += 1;
      columns += 1;
      break;
    }
  for (double& share : shares) share /= std::max(columns, 1.0);
  return shares;
}

double order_at_edge(const std::vector<double>& shares, const std::vector<Region>& regions) {
  double order = 0;
  for (std::size_t label = 1; label < shares.size(); ++label)
    order += shares[label] * order_of(regions, static_cast<int>(label));
  return order;
}

/// The slope of a line through points: the median of the slopes between far-apart points (Theil and
/// Sen). Steps and pits of a border do not turn it.
double robust_slope(const std::vector<cv::Point2d>& points) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < points.size() / 2; ++i) {
    const cv::Point2d step = points[i + points.size() - points.size() / 2] - points[i];
    if (step.x > 0) slopes.push_back(step.y / step.x);
  }
  if (slopes.size() < 8) return 0;
  std::nth_element(slopes.begin(), slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2),
                   slopes.end());
  return slopes[slopes.size() / 2];
}

/// Turns the direction so that the straightest border between two layers is level.
double level_borders(const cv::Mat& labels, const std::vector<Region>& regions, double angle_deg) {
  const Upright upright(labels.size(), angle_deg);
  const cv::Mat turned = upright.turn(labels, cv::INTER_NEAREST);
  const std::vector<double> lower = shares_of_edge(turned, regions.size() + 1, false);
  const auto bottom =
      static_cast<int>(std::max_element(lower.begin() + 1, lower.end()) - lower.begin());
  std::vector<cv::Point2d> border;
  for (int x = 0; x < turned.cols; ++x) {
    int y = turned.rows - 1;
    while (y >= 0 && turned.at<std::uint16_t>(y, x) == 0) --y;
    if (y < 0 || turned.at<std::uint16_t>(y, x) != bottom) continue;
    while (y >= 0 && turned.at<std::uint16_t>(y, x) == bottom) --y;
    if (y >= 0 && turned.at<std::uint16_t>(y, x) != 0)
      border.emplace_back(x, y);  // not the picture's own edge
  }
  return angle_deg - std::atan(robust_slope(border)) * 180 / std::numbers::pi;
}

}  // namespace

std::string_view name_of(Layer layer) {
  switch (layer) {
    case Layer::cap:
      return "cap";
    case Layer::film:
      return "ordered film";
    case Layer::substrate:
      return "substrate";
    case Layer::amorphous:
      return "amorphous film";
    case Layer::partly_ordered:
      return "partly ordered film";
    case Layer::other:
      break;
  }
  return "region";
}

std::optional<GrowthDirection> find_growth_direction(const cv::Mat& labels,
                                                     const std::vector<Region>& regions,
                                                     std::optional<double> near_deg) {
  if (regions.size() < 2) return {};
  const cv::Mat small = coarse_copy(labels);
  double best = -1, angle = 0;
  const double from = near_deg ? *near_deg - 5 : 0;
  const int degrees = near_deg ? 10 : 179;
  for (int k = 0; k <= degrees; ++k)
    if (const double value = stacking(small, regions.size() + 1, from + k); value > best) {
      best = value;
      angle = from + k;
    }
  if (best < stacked_from) return {};
  if (!near_deg) {  // the ordered side is below
    const cv::Mat turned = Upright(small.size(), angle).turn(small, cv::INTER_NEAREST);
    if (order_at_edge(shares_of_edge(turned, regions.size() + 1, true), regions) >
        order_at_edge(shares_of_edge(turned, regions.size() + 1, false), regions))
      angle += 180;
  }
  angle = level_borders(labels, regions, angle);
  if (near_deg) angle = std::clamp(angle, *near_deg - 5, *near_deg + 5);
  return GrowthDirection{std::fmod(angle + 360, 360), false};
}

double order_below_surface(const cv::Mat& labels, const std::vector<Region>& regions,
                           const GrowthDirection& growth) {
  const cv::Mat small = coarse_copy(labels);
  const cv::Mat turned = Upright(small.size(), growth.angle_deg).turn(small, cv::INTER_NEAREST);
  return order_at_edge(shares_of_edge(turned, regions.size() + 1, false), regions) -
         order_at_edge(shares_of_edge(turned, regions.size() + 1, true), regions);
}

std::vector<Layer> find_layers(const cv::Mat& labels, const std::vector<Region>& regions,
                               const GrowthDirection& growth, const LayerEvidence& evidence) {
  const std::size_t count = regions.size() + 1;
  const cv::Mat small = coarse_copy(labels);
  const cv::Mat turned = Upright(small.size(), growth.angle_deg).turn(small, cv::INTER_NEAREST);
  const std::vector<double> upper = shares_of_edge(turned, count, true),
                            lower = shares_of_edge(turned, count, false);
  const auto seen = [](const std::vector<bool>& looks, std::size_t label, bool unknown) {
    return looks.empty() ? unknown : static_cast<bool>(looks[label]);
  };
  std::vector<Layer> layers(count, Layer::other);
  bool substrate = false, film = false;
  for (std::size_t label = 1; label < count; ++label) {
    const bool above = upper[label] >= edge_share, below = lower[label] >= edge_share;
    if (is_ordered(regions[label - 1].order)) {
      const bool base = below && !above && evidence.substrate_in_view &&
                        !seen(evidence.looks_like_film, label, false);
      layers[label] = base ? Layer::substrate : Layer::film;
      (base ? substrate : film) = true;
    } else if (above && !below && evidence.has_cap.value_or(true) &&
               seen(evidence.looks_like_cap, label, true)) {
      layers[label] = Layer::cap;
    } else if (!below) {
      layers[label] = Layer::amorphous;
      film = true;
    }
  }
  if (!film || (evidence.substrate_in_view && !substrate))
    return std::vector<Layer>(count, Layer::other);
  return layers;
}

}  // namespace metamict
