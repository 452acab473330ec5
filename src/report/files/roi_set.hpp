// SPDX-License-Identifier: GPL-3.0-or-later
// The outlines of a label map for ImageJ's ROI Manager.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "metamict/series.hpp"

namespace metamict {

/// A ZIP file with one composite selection a label: exactly its pixels.
std::string roi_set(const cv::Mat& labels, const std::vector<SeriesLabel>& names);

}  // namespace metamict
