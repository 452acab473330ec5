// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/grey_phases.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <opencv2/imgproc/detail/gcgraph.hpp>
#include <optional>

#include "image/mask.hpp"

namespace metamict {

namespace {

bool is_set(const cv::Mat& mask, cv::Point at) { return mask.at<std::uint8_t>(at) != 0; }

/// The brighter side of the cut at a grey. of_misfit: weight of a cell's misfit beside a border's
/// length in cells.
cv::Mat brighter_of(const cv::Mat& grey, const cv::Mat& mask, GreyThreshold threshold,
                    double of_misfit) {
  const std::vector<cv::Point> points = points_of(mask);
  cv::Mat number_at(mask.size(), CV_32S, cv::Scalar(-1));
  for (std::size_t i = 0; i < points.size(); ++i)
    number_at.at<int>(points[i]) = static_cast<int>(i);
  const std::array steps = {cv::Point(1, 0), cv::Point(0, 1), cv::Point(1, 1), cv::Point(-1, 1)};
  cv::detail::GCGraph<double> graph(static_cast<unsigned>(points.size()),
                                    static_cast<unsigned>(2 * steps.size() * points.size()));
  constexpr double half = 0.5;
  for (const cv::Point at : points) {
    const double above =
        std::clamp((grey.at<float>(at) - threshold.at) / threshold.width + half, 0.0, 1.0);
    graph.addTermWeights(graph.addVtx(), of_misfit * above, of_misfit * (1 - above));
  }
  for (std::size_t i = 0; i < points.size(); ++i)
    for (const cv::Point step : steps) {
      const cv::Point other = points[i] + step;
      if (!cv::Rect({0, 0}, number_at.size()).contains(other) || number_at.at<int>(other) < 0)
        continue;
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

cv::Mat brighter_phase(const cv::Mat& grey, const cv::Mat& mask, GreyThreshold threshold,
                       int most_cells) {
  int edge = 1;  // of a square of cells that is taken as one
  while (cv::countNonZero(mask) / (edge * edge) > most_cells) edge *= 2;
  if (edge == 1) return brighter_of(grey, mask, threshold, 1);
  const cv::Size coarse((grey.cols + edge - 1) / edge, (grey.rows + edge - 1) / edge);
  cv::Mat inside, share, sum;
  mask.convertTo(inside, CV_32F, 1.0 / 255);
  cv::resize(inside, share, coarse, 0, 0, cv::INTER_AREA);
  cv::resize(grey.mul(inside), sum, coarse, 0, 0, cv::INTER_AREA);
  constexpr double half = 0.5;
  // A square has edge² cells that may misfit, and a border edge times as long.
  const cv::Mat side = brighter_of(sum / cv::max(share, half), share >= half, threshold, edge);
  cv::Mat fine;
  cv::resize(side, fine, grey.size(), 0, 0, cv::INTER_NEAREST);
  return fine & mask;
}

double GreyPhases::step_over(const cv::Mat& core, const cv::Mat& bright) const {
  const LayerBorderOptions& wanted = options_.layer_border;
  const cv::Mat dark = core & ~bright;
  if (std::min(cv::countNonZero(bright), cv::countNonZero(dark)) < GreyCells::in_a_chip()) return 0;
  if (!is_one_piece(bright) || !is_one_piece(dark)) return 0;
  std::vector<double> steps;
  std::vector<cv::Point> line;
  const auto cross = [&](cv::Point from, cv::Point by) {
    const cv::Point to = from + by, before = from - wanted.reach_cells * by,
                    after = to + wanted.reach_cells * by;
    const cv::Rect all({0, 0}, core.size());
    if (!all.contains(before) || !all.contains(after) || !is_set(core, from) || !is_set(core, to))
      return;
    if (is_set(bright, from) == is_set(bright, to) || !is_set(core, before) || !is_set(core, after))
      return;
    const double rise = cells_.grey().at<float>(after) - cells_.grey().at<float>(before);
    steps.push_back((is_set(bright, to) ? rise : -rise) / cells_.contrast());
    line.push_back(from);
  };
  for (const cv::Point at : points_of(core)) {
    cross(at, {1, 0});
    cross(at, {0, 1});
  }
  if (steps.size() < wanted.least_crossings) return 0;
  const cv::Size box = cv::boundingRect(line).size();
  const double length = static_cast<double>(line.size()) / (box.width + box.height);
  const cv::Size2f around = cv::minAreaRect(line).size;
  const bool is_flat = std::min(around.width, around.height) <=
                       wanted.widest * std::max(around.width, around.height);
  const bool is_border = is_flat && length >= wanted.shortest && length <= wanted.longest &&
                         quantile(steps, wanted.anywhere_share) >= wanted.least_anywhere;
  const double step = median(steps);
  return is_border && step >= wanted.least_step ? step : 0;
}

std::vector<Nodes> GreyPhases::parts(const Nodes& nodes) const {
  return cells_.contrast() > 0 ? parts(nodes, cells_.core_of(nodes)) : std::vector<Nodes>{nodes};
}

std::vector<Nodes> GreyPhases::parts(const Nodes& nodes, const cv::Mat& core) const {
  if (cv::countNonZero(core) < GreyCells::in_a_chip()) return {nodes};
  std::vector<float> values = values_under(core, cells_.grey());
  const LayerOptions& options = options_.layers;
  const double darkest = quantile(values, options.tail_share),
               brightest = quantile(values, 1 - options.tail_share);
  constexpr int few_cells = 1 << 15;  // in each trial
  std::optional<GreyThreshold> best;
  double clearest = 0;
  for (int k = 1; k <= options.thresholds; ++k) {
    const double at = darkest + (brightest - darkest) * k / (options.thresholds + 1);
    const GreyThreshold threshold{at, options.width * cells_.contrast()};
    const double step = step_over(core, brighter_phase(cells_.grey(), core, threshold, few_cells));
    if (step <= clearest) continue;
    clearest = step;
    best = threshold;
  }
  if (!best) return {nodes};
  const cv::Mat bright = brighter_phase(cells_.grey(), core, *best), dark = core & ~bright;
  const auto [brighter, darker] = cells_.divide(nodes, bright, dark);
  if (brighter.empty() || darker.empty()) return {nodes};
  // Cells beside the border show something of both sides, and are no layer between them.
  const auto inner = [&](const Nodes& side, const cv::Mat& other) {
    return parts(side, core & cells_.core_of(side) & cells_.away_from(other));
  };
  std::vector<Nodes> found = inner(brighter, dark), rest = inner(darker, bright);
  std::move(rest.begin(), rest.end(), std::back_inserter(found));
  return found;
}

}  // namespace metamict
