// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/layer_shapes.hpp"

#include <cmath>
#include <map>

#include "series/straight_line.hpp"
#include "series/upright.hpp"

namespace metamict {

namespace {

/// A label on one line.
struct Met {
  int pixels = 0;
  int first = 0, length = 0;  ///< of its longest piece
  bool upper_is_border = false, lower_is_border = false;
  bool leaves = false;
};

/// What a line meets from the surface down. 65,535 stands for what lies outside the image.
constexpr int outside = 65535;

std::map<int, Met> labels_on_line(const cv::Mat& upright, int x) {
  std::map<int, Met> found;
  const auto at = [&](int y) {
    return y < 0 || y >= upright.rows ? outside : static_cast<int>(upright.at<std::uint16_t>(y, x));
  };
  for (int first = 0, end = 0; first < upright.rows; first = end) {
    const int label = at(first);
    for (end = first; end < upright.rows && at(end) == label;) ++end;
    if (label == 0 || label == outside) continue;
    Met& met = found[label];
    met.pixels += end - first;
    met.leaves = met.leaves || at(first - 1) == outside || at(end) == outside;
    if (end - first <= met.length) continue;
    met.first = first;
    met.length = end - first;
    met.upper_is_border = at(first - 1) != outside;
    met.lower_is_border = at(end) != outside;
  }
  return found;
}

/// Nothing where too few of a label's lines show the border.
std::optional<double> roughness(const std::vector<cv::Point2d>& places, std::size_t lines) {
  if (places.size() < 3 || 2 * places.size() < lines) return {};
  return deviation_from_line(places);
}

struct Collected {
  std::vector<double> whole, cut;  ///< thicknesses, where the label stays in the image and not
  std::vector<cv::Point2d> upper, lower;
};

}  // namespace

std::vector<LayerShape> layer_shapes(const SeriesMember& member) {
  if (!member.growth || member.labels.empty()) return {};
  const Upright turn(member.labels.size(), member.growth->angle_deg);
  const cv::Mat inside(member.labels.size(), CV_8UC1, cv::Scalar(255));
  cv::Mat upright = turn.turn(member.labels, cv::INTER_NEAREST);
  upright.setTo(outside, turn.turn(inside, cv::INTER_NEAREST) == 0);
  std::map<int, Collected> collected;
  int lines = 0;
  for (int x = 0; x < upright.cols; ++x) {
    bool any = false;
    for (const auto& [label, met] : labels_on_line(upright, x)) {
      Collected& all = collected[label];
      any = true;
      (met.leaves ? all.cut : all.whole).push_back(met.pixels);
      if (met.upper_is_border) all.upper.emplace_back(x, met.first);
      if (met.lower_is_border) all.lower.emplace_back(x, met.first + met.length);
    }
    lines += any ? 1 : 0;
  }
  std::vector<LayerShape> shapes;
  for (const auto& [label, all] : collected) {
    LayerShape shape;
    shape.label = label;
    const std::size_t met = all.whole.size() + all.cut.size();
    shape.cut_by_edge = all.cut.size() > all.whole.size();
    std::vector<double> thickness = all.whole;
    if (shape.cut_by_edge) thickness.insert(thickness.end(), all.cut.begin(), all.cut.end());
    const auto count = static_cast<double>(thickness.size());
    for (const double one : thickness) shape.thickness_px += one / count;
    for (const double one : thickness)
      shape.thickness_sd_px += std::pow(one - shape.thickness_px, 2) / count;
    shape.thickness_sd_px = std::sqrt(shape.thickness_sd_px);
    shape.lines = static_cast<double>(met) / lines;
    shape.upper_roughness_px = roughness(all.upper, met);
    shape.lower_roughness_px = roughness(all.lower, met);
    shapes.push_back(shape);
  }
  return shapes;
}

}  // namespace metamict
