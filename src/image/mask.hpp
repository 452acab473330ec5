// SPDX-License-Identifier: GPL-3.0-or-later
// A set of chips is a list of their numbers, or a mask over the chip grid (rows x cols, CV_8U).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "metamict/chips.hpp"

namespace metamict {

/// Numbers of chips, in rising order.
using Nodes = std::vector<std::uint32_t>;

/// Half a chip's width in strides, at least one.
inline int half_chip(const ChipGrid& grid) {
  return std::max(1, (grid.size_px + grid.stride_px - 1) / grid.stride_px / 2);
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

}  // namespace metamict
