// SPDX-License-Identifier: GPL-3.0-or-later
// The micrograph as a grey picture, and the scale bar that goes with it.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <string>

namespace metamict {

/// CV_8UC1 of the wanted size. Grey runs from the 0.3 to the 99.7 percentile, so that a few hot
/// pixels do not darken the rest. Where a bright part (a metal cap) leaves most of the image dark,
/// a gamma of at least 0.5 lifts it.
cv::Mat grey_picture(const cv::Mat& pixels, cv::Size size);

/// The size of a picture of the image. A longer side above `largest` is reduced to it; one below
/// `smallest` is enlarged a whole number of times to reach it.
cv::Size picture_size(cv::Size image, int smallest, int largest);

struct ScaleBar {
  double length_px;   ///< in pixels of the image
  std::string words;  ///< "5 nm", or "100 px" where the pixel size is not known
};

/// The longest bar of 1, 2 or 5 times a power of ten that is at most 0.28 of the image's width.
ScaleBar choose_scale_bar(int image_cols, std::optional<double> nm_per_pixel);

}  // namespace metamict
