// SPDX-License-Identifier: GPL-3.0-or-later
// How far points lie from a straight line.
#pragma once

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <vector>

namespace metamict {

/// The root mean square deviation, along y, from the line of least squares. Two points or fewer lie
/// on one.
inline double deviation_from_line(const std::vector<cv::Point2d>& places) {
  if (places.size() < 3) return 0;
  const auto count = static_cast<double>(places.size());
  cv::Point2d mean;
  for (const cv::Point2d& place : places) mean += place / count;
  double xx = 0, xy = 0, yy = 0;
  for (const cv::Point2d& place : places) {
    const cv::Point2d off = place - mean;
    xx += off.x * off.x;
    xy += off.x * off.y;
    yy += off.y * off.y;
  }
  return std::sqrt(std::max(0.0, yy - xy * xy / xx) / count);
}

}  // namespace metamict
