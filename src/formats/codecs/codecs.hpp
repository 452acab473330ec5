// SPDX-License-Identifier: GPL-3.0-or-later
// PNG and JPEG through OpenCV's codecs, in a plug-in opened on first use: linking them would cost every start 0.15 s.
#pragma once

#include <filesystem>
#include <opencv2/core.hpp>
#include <span>
#include <vector>

namespace metamict {

/// Decodes a PNG or JPEG file held in memory as stored (any depth, grey or colour in BGR order, alpha kept, EXIF
/// rotation not applied). An empty Mat when it is damaged. Throws InputError when the plug-in is missing.
cv::Mat decode_image(std::span<const unsigned char> file);

/// Encodes as PNG. Throws OutputError.
std::vector<unsigned char> encode_png(const cv::Mat& image);

}  // namespace metamict
