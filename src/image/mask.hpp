// SPDX-License-Identifier: GPL-3.0-or-later
// A set of chips is a list of their numbers, or a mask over the chip grid (rows x cols, CV_8U).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "metamict/chips.hpp"

namespace metamict {

/// Numbers of chips, in rising order.
using Nodes = std::vector<std::uint32_t>;

/// Every chip of a grid.
inline Nodes all_chips(const ChipGrid& grid) {
  Nodes all(grid.chips());
  std::iota(all.begin(), all.end(), 0U);
  return all;
}

/// The chips of one set that are not in the other.
inline Nodes without(const Nodes& nodes, const Nodes& others) {
  Nodes rest;
  std::set_difference(nodes.begin(), nodes.end(), others.begin(), others.end(),
                      std::back_inserter(rest));
  return rest;
}

/// The chips of both sets.
inline Nodes shared(const Nodes& a, const Nodes& b) {
  Nodes both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

/// The chips of either set.
inline Nodes joined(const Nodes& a, const Nodes& b) {
  Nodes either;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(either));
  return either;
}

/// Half a chip's width in strides, at least one.
inline int half_chip(const ChipGrid& grid) {
  return std::max(1, (grid.size_px + grid.stride_px - 1) / grid.stride_px / 2);
}

/// A mask over the chip grid that is set at some chips.
inline cv::Mat mask_over(const ChipGrid& grid, const Nodes& nodes) {
  cv::Mat mask = cv::Mat::zeros(grid.rows, grid.cols, CV_8UC1);
  for (const std::uint32_t node : nodes)
    mask.at<std::uint8_t>(grid.row(node), grid.col(node)) = 255;
  return mask;
}

/// The values of a CV_32F map where a mask is set, row by row.
inline std::vector<float> values_under(const cv::Mat& mask, const cv::Mat& map) {
  std::vector<float> values;
  for (int row = 0; row < mask.rows; ++row)
    for (int col = 0; col < mask.cols; ++col)
      if (mask.at<std::uint8_t>(row, col) != 0) values.push_back(map.at<float>(row, col));
  return values;
}

/// The pixels of a mask, row by row.
inline std::vector<cv::Point> points_of(const cv::Mat& mask) {
  std::vector<cv::Point> points;
  if (cv::countNonZero(mask) > 0) cv::findNonZero(mask, points);
  return points;
}

/// The first of some values and every step-th after it.
template <typename Value>
std::vector<Value> every(const std::vector<Value>& values, std::size_t step) {
  std::vector<Value> some;
  for (std::size_t i = 0; i < values.size(); i += std::max<std::size_t>(step, 1))
    some.push_back(values[i]);
  return some;
}

/// Keeps the chips whose neighbours up to `margin` strides away all lie in the mask, or outside of
/// the image.
inline cv::Mat eroded(const cv::Mat& mask, int margin) {
  cv::Mat inner;
  cv::erode(mask, inner, cv::Mat::ones(2 * margin + 1, 2 * margin + 1, CV_8UC1));
  return inner;
}

/// Whether at least nine tenths of a mask are one connected piece.
inline bool is_one_piece(const cv::Mat& mask) {
  cv::Mat pieces, figures, centres;
  const int count = cv::connectedComponentsWithStats(mask, pieces, figures, centres, 4, CV_32S);
  int most = 0;
  for (int piece = 1; piece < count; ++piece)
    most = std::max(most, figures.at<int>(piece, cv::CC_STAT_AREA));
  return most >= 0.9 * cv::countNonZero(mask);
}

/// Distance of each pixel to the nearest pixel that is 0, in pixels, CV_32F.
inline cv::Mat distance(const cv::Mat& to_zero) {
  cv::Mat result;
  cv::distanceTransform(to_zero, result, cv::DIST_L2, cv::DIST_MASK_5);
  return result;
}

/// The value below which `share` of the values lie: one of them, or NaN when there are none.
/// Reorders the values.
template <typename Value>
double quantile(std::vector<Value>& values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto at = values.begin() +
                  static_cast<std::ptrdiff_t>(std::min(share * static_cast<double>(values.size()),
                                                       static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at);
}

/// The value in the middle; NaN where there is none. Reorders the values.
template <typename Values>
double median(Values&& values) {
  return quantile(values, 0.5);
}

}  // namespace metamict
