// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of chips as masks over the chip grid, rows x cols, CV_8U.
#pragma once

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "metamict/chips.hpp"

namespace metamict {

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

}  // namespace metamict
