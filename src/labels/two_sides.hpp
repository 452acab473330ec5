// SPDX-License-Identifier: GPL-3.0-or-later
// What tells two regions that touch apart, learnt from their own pixels, and where the line between
// them runs.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "labels/border.hpp"
#include "labels/border_options.hpp"

namespace metamict {

/// What the pixels around the contact of two regions say.
struct TwoSides {
  std::optional<Border> border;  ///< nothing where the pixels do not tell the two apart
  /// Standard deviations between the two in the window that tells them apart best, of those that
  /// were tried. Nothing where either side is too small to teach.
  std::optional<double> separation;
};

/// Looks for the border between two labels in the pixels around the points where they touch. grey:
/// CV_32F, the working image; labels: CV_16U of the same size.
TwoSides look_at_two_sides(const cv::Mat& grey, const cv::Mat& labels, std::pair<int, int> pair,
                           const std::vector<cv::Point>& contact, const BorderOptions& options);

}  // namespace metamict
