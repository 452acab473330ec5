// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of chips, by number and as masks over the chip grid, rows x cols, CV_8U.
#pragma once

#include <algorithm>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "metamict/chips.hpp"

namespace metamict {

/// Chips of a grid, rising.
using Nodes = std::vector<std::uint32_t>;

/// Half a chip's width in strides, at least one.
inline int half_chip(const ChipGrid& grid) {
  return std::max(1, (grid.size_px + grid.stride_px - 1) / grid.stride_px / 2);
}

/// Chips whose neighbours up to so many strides off are all of the mask; beyond the image's edge counts as of it.
inline cv::Mat eroded(const cv::Mat& mask, int margin) {
  cv::Mat inner;
  cv::erode(mask, inner, cv::Mat::ones(2 * margin + 1, 2 * margin + 1, CV_8UC1));
  return inner;
}

/// Whether all but a tenth of a mask hangs together.
inline bool is_one_piece(const cv::Mat& mask) {
  cv::Mat pieces, figures, centres;
  const int count = cv::connectedComponentsWithStats(mask, pieces, figures, centres, 4, CV_32S);
  int most = 0;
  for (int piece = 1; piece < count; ++piece) most = std::max(most, figures.at<int>(piece, cv::CC_STAT_AREA));
  return most >= 0.9 * cv::countNonZero(mask);
}

}  // namespace metamict
