// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/grey_phases.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <opencv2/imgproc/detail/gcgraph.hpp>

#include "image/mask.hpp"

namespace metamict {

namespace {

bool is_set(const cv::Mat& mask, cv::Point at) { return mask.at<std::uint8_t>(at) != 0; }

/// The greys of the two phases.
struct Levels {
  double dark = 0, bright = 0;

  double gap() const { return bright - dark; }
};

/// The brighter side of the cut for given levels. number_at: of each point, -1 elsewhere.
/// of_misfit: weight of a cell's misfit beside a border's length in cells.
cv::Mat cut(const cv::Mat& grey, const std::vector<cv::Point>& points, const cv::Mat& number_at,
            Levels levels, double of_misfit) {
  const std::array steps = {cv::Point(1, 0), cv::Point(0, 1), cv::Point(1, 1), cv::Point(-1, 1)};
  cv::detail::GCGraph<double> graph(static_cast<unsigned>(points.size()),
                                    static_cast<unsigned>(2 * steps.size() * points.size()));
  for (const cv::Point at : points) {
    const double grey_here = grey.at<float>(at);
    const auto misfit = [&](double level) {
      return of_misfit * std::min(1.0, std::abs(grey_here - level) / levels.gap());
    };
    graph.addTermWeights(graph.addVtx(), misfit(levels.dark), misfit(levels.bright));
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

cv::Mat brighter_of(const cv::Mat& grey, const cv::Mat& mask, const LayerOptions& options,
                    double of_misfit) {
  constexpr double settled = 1e-3;  // of the levels' gap
  const std::vector<cv::Point> points = points_of(mask);
  cv::Mat number_at(mask.size(), CV_32S, cv::Scalar(-1));
  for (std::size_t i = 0; i < points.size(); ++i)
    number_at.at<int>(points[i]) = static_cast<int>(i);
  std::vector<float> values = values_under(mask, grey);
  Levels levels{quantile(values, options.outer_share), quantile(values, 1 - options.outer_share)};
  cv::Mat side;
  for (int round = 0; round < options.rounds; ++round) {
    if (!(levels.gap() > 0)) return {};
    side = cut(grey, points, number_at, levels, of_misfit);
    const cv::Mat rest = mask & ~side;
    if (cv::countNonZero(side) == 0 || cv::countNonZero(rest) == 0) return {};
    const Levels before = levels;
    levels = {median(values_under(rest, grey)), median(values_under(side, grey))};
    if (std::abs(levels.dark - before.dark) + std::abs(levels.bright - before.bright) <
        settled * before.gap())
      break;
  }
  return side;
}

}  // namespace

cv::Mat brighter_phase(const cv::Mat& grey, const cv::Mat& mask, const LayerOptions& options) {
  constexpr int most_cells = 1 << 18;  // in one cut; a graph of all chips rarely has more
  int edge = 1;                        // of a square of cells that is taken as one
  while (cv::countNonZero(mask) / (edge * edge) > most_cells) edge *= 2;
  if (edge == 1) return brighter_of(grey, mask, options, 1);
  const cv::Size coarse((grey.cols + edge - 1) / edge, (grey.rows + edge - 1) / edge);
  cv::Mat inside, share, sum;
  mask.convertTo(inside, CV_32F, 1.0 / 255);
  cv::resize(inside, share, coarse, 0, 0, cv::INTER_AREA);
  cv::resize(grey.mul(inside), sum, coarse, 0, 0, cv::INTER_AREA);
  constexpr double half = 0.5;
  // A square has edge² cells that may misfit, and a border edge times as long.
  const cv::Mat side = brighter_of(sum / cv::max(share, half), share >= half, options, edge);
  if (side.empty()) return {};
  cv::Mat fine;
  cv::resize(side, fine, grey.size(), 0, 0, cv::INTER_NEAREST);
  return fine & mask;
}

bool GreyPhases::is_border(const cv::Mat& core, const cv::Mat& bright) const {
  const LayerBorderOptions& wanted = options_.layer_border;
  const cv::Mat dark = core & ~bright;
  if (!is_one_piece(bright) || !is_one_piece(dark)) return false;
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
  if (steps.size() < wanted.least_crossings) return false;
  const cv::Size box = cv::boundingRect(line).size();
  const double length = static_cast<double>(line.size()) / (box.width + box.height);
  return length >= wanted.shortest && length <= wanted.longest &&
         median(steps) >= wanted.least_step &&
         quantile(steps, wanted.anywhere_share) >= wanted.least_anywhere;
}

std::vector<Nodes> GreyPhases::parts(const Nodes& nodes) const {
  if (cells_.contrast() <= 0) return {nodes};
  const cv::Mat core = cells_.core_of(nodes);
  if (cv::countNonZero(core) < GreyCells::in_a_chip()) return {nodes};
  const cv::Mat bright = brighter_phase(cells_.grey(), core, options_.layers);
  if (bright.empty() || !is_border(core, bright)) return {nodes};
  const auto [brighter, darker] = cells_.divide(nodes, bright, core & ~bright);
  if (brighter.empty() || darker.empty()) return {nodes};
  std::vector<Nodes> found = parts(brighter), rest = parts(darker);
  std::move(rest.begin(), rest.end(), std::back_inserter(found));
  return found;
}

}  // namespace metamict
