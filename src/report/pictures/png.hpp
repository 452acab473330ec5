// SPDX-License-Identifier: GPL-3.0-or-later
// PNG for the report's own pictures. It is packed by libdeflate, which is four times as fast as
// zlib at its default and does not need OpenCV's codecs, whose start costs 0.15 s.
#pragma once

#include <opencv2/core.hpp>
#include <string>

namespace metamict {

/// The PNG file of a grey (CV_8UC1) or colour (CV_8UC4, blue-green-red-unused) picture.
/// `dots_per_inch` tells print programs how large it is meant to be. Throws OutputError.
std::string encode_picture(const cv::Mat& picture, int dots_per_inch = 300);

}  // namespace metamict
