// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/grey_phases.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <opencv2/imgproc/detail/gcgraph.hpp>

#include "image/mask.hpp"

namespace metamict {

namespace {

constexpr int least_cells = GreyCells::per_chip * GreyCells::per_chip;
// The step, from 3 cells on one side to 3 on the other, in contrasts: in the median, and nearly everywhere.
constexpr int apart = 3;
constexpr double least_step = 0.5, least_anywhere = 0.2, anywhere = 0.05;
constexpr std::size_t enough_crossings = 8;
// A layer's border runs from one end to the other: as many crossings as its bounding box is wide and high. Patches have
// longer ones, or several.
constexpr double shortest_border = 0.85, longest_border = 1.25;

bool is_set(const cv::Mat& mask, cv::Point at) { return mask.at<std::uint8_t>(at) != 0; }

std::vector<cv::Point> points_of(const cv::Mat& mask) {
  std::vector<cv::Point> points;
  if (cv::countNonZero(mask) > 0) cv::findNonZero(mask, points);
  return points;
}

double median_in(const cv::Mat& grey, const cv::Mat& mask) {
  std::vector<float> values;
  for (const cv::Point at : points_of(mask)) values.push_back(grey.at<float>(at));
  return quantile(values, 0.5);
}

/// One cut for given levels.
cv::Mat cut(const cv::Mat& grey, const std::vector<cv::Point>& points, const cv::Mat& number_at, double dark,
            double bright) {
  cv::detail::GCGraph<double> graph(static_cast<unsigned>(points.size()), static_cast<unsigned>(8 * points.size()));
  for (const cv::Point at : points) {
    const double grey_here = grey.at<float>(at);
    const auto misfit = [&](double level) { return std::min(1.0, std::abs(grey_here - level) / (bright - dark)); };
    graph.addTermWeights(graph.addVtx(), misfit(dark), misfit(bright));
  }
  for (std::size_t i = 0; i < points.size(); ++i)
    for (const cv::Point step : {cv::Point(1, 0), cv::Point(0, 1), cv::Point(1, 1), cv::Point(-1, 1)}) {
      const cv::Point other = points[i] + step;
      if (!cv::Rect({0, 0}, number_at.size()).contains(other) || number_at.at<int>(other) < 0) continue;
      const double weight = step.x != 0 && step.y != 0 ? std::numbers::sqrt2 / 2 : 1.0;
      graph.addEdges(static_cast<int>(i), number_at.at<int>(other), weight, weight);
    }
  graph.maxFlow();
  cv::Mat side = cv::Mat::zeros(grey.size(), CV_8UC1);
  for (std::size_t i = 0; i < points.size(); ++i)
    if (graph.inSourceSegment(static_cast<int>(i))) side.at<std::uint8_t>(points[i]) = 255;
  return side;
}

}  // namespace

cv::Mat brighter_phase(const cv::Mat& grey, const cv::Mat& mask) {
  const std::vector<cv::Point> points = points_of(mask);
  cv::Mat number_at(mask.size(), CV_32S, cv::Scalar(-1));
  std::vector<float> values;
  for (std::size_t i = 0; i < points.size(); ++i) {
    number_at.at<int>(points[i]) = static_cast<int>(i);
    values.push_back(grey.at<float>(points[i]));
  }
  double dark = quantile(values, 0.2), bright = quantile(values, 0.8);
  cv::Mat side;
  constexpr int rounds = 6;
  for (int round = 0; round < rounds; ++round) {
    if (!(bright > dark)) return {};
    side = cut(grey, points, number_at, dark, bright);
    const cv::Mat rest = mask & ~side;
    if (cv::countNonZero(side) == 0 || cv::countNonZero(rest) == 0) return {};
    const double darker = median_in(grey, rest), brighter = median_in(grey, side);
    const bool stands = std::abs(darker - dark) + std::abs(brighter - bright) < 1e-3 * (bright - dark);
    dark = darker, bright = brighter;
    if (stands) break;
  }
  return side;
}

bool GreyPhases::is_border(const cv::Mat& core, const cv::Mat& bright) const {
  const cv::Mat dark = core & ~bright;
  if (!is_one_piece(bright) || !is_one_piece(dark)) return false;
  std::vector<double> steps;
  std::vector<cv::Point> line;
  const auto cross = [&](cv::Point from, cv::Point by) {
    const cv::Point to = from + by, before = from - apart * by, after = to + apart * by;
    const cv::Rect all({0, 0}, core.size());
    if (!all.contains(before) || !all.contains(after) || !is_set(core, from) || !is_set(core, to)) return;
    if (is_set(bright, from) == is_set(bright, to) || !is_set(core, before) || !is_set(core, after)) return;
    const double rise = cells_.grey().at<float>(after) - cells_.grey().at<float>(before);
    steps.push_back((is_set(bright, to) ? rise : -rise) / cells_.contrast());
    line.push_back(from);
  };
  for (const cv::Point at : points_of(core)) cross(at, {1, 0}), cross(at, {0, 1});
  if (steps.size() < enough_crossings) return false;
  const cv::Size box = cv::boundingRect(line).size();
  const double length = static_cast<double>(line.size()) / (box.width + box.height);
  return length >= shortest_border && length <= longest_border && quantile(steps, 0.5) >= least_step &&
         quantile(steps, anywhere) >= least_anywhere;
}

std::vector<Nodes> GreyPhases::parts(const Nodes& nodes) const {
  if (cells_.contrast() <= 0) return {nodes};
  const cv::Mat core = eroded(cells_.mask_of(nodes), GreyCells::margin);
  if (cv::countNonZero(core) < least_cells) return {nodes};
  const cv::Mat bright = brighter_phase(cells_.grey(), core);
  if (bright.empty() || !is_border(core, bright)) return {nodes};
  const auto [brighter, darker] = cells_.divide(nodes, bright, core & ~bright);
  if (brighter.empty() || darker.empty()) return {nodes};
  std::vector<Nodes> found = parts(brighter), rest = parts(darker);
  std::move(rest.begin(), rest.end(), std::back_inserter(found));
  return found;
}

}  // namespace metamict
