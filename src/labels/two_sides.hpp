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

/// The border between two labels, from the pixels around the points where they touch. Nothing where
/// the pixels do not tell the two apart. grey: CV_32F, the working image; labels: CV_16U of the
/// same size.
std::optional<Border> border_between(const cv::Mat& grey, const cv::Mat& labels, std::pair<int, int> pair,
                                     const std::vector<cv::Point>& contact, const BorderOptions& options);

}  // namespace metamict
