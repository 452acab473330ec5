// SPDX-License-Identifier: GPL-3.0-or-later
// The micrograph as a grey picture, and the scale bar that goes with it.
#pragma once

#include <opencv2/core.hpp>
#include <string>

#include "metamict/micrograph.hpp"

namespace metamict {

/// CV_8UC1 of the wanted size. Grey runs from the 0.3 to the 99.7 percentile, so that a few hot
/// pixels do not darken the rest. Where a bright part (a metal cap) leaves most of the image dark,
/// a gamma of at least 0.5 lifts it.
cv::Mat grey_picture(const cv::Mat& pixels, cv::Size size);

/// The size of a picture of the image. A longer side above `largest` is reduced to it; one below
/// `smallest` is enlarged a whole number of times to reach it.
cv::Size picture_size(cv::Size image, int smallest, int largest);

struct ScaleBar {
  double length_px;   ///< along a row, in pixels of the image
  double height_px;   ///< the same length along a column, where pixels are not square; else 0
  std::string words;  ///< "5 nm", or "100 px" where the pixel size is not known
};

/// The longest bar of 1, 2 or 5 times a power of ten that is at most 0.28 of the image's width.
/// Where pixels are not square a second bar of the same length stands on its left end.
ScaleBar choose_scale_bar(const Micrograph& micrograph);

}  // namespace metamict
