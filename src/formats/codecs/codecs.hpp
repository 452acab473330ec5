// SPDX-License-Identifier: GPL-3.0-or-later
// PNG and JPEG through OpenCV's codecs. They are in a plug-in that is opened on first use, because
// linking them would cost every start 0.15 s.
#pragma once

#include <opencv2/core.hpp>
#include <span>

namespace metamict {

/// Decodes a PNG or JPEG file held in memory. The pixels keep the stored depth and channels (colour
/// in BGR order, with alpha where there is one); EXIF rotation is not applied. A damaged file gives an
/// empty Mat. Throws InputError when the plug-in is missing.
cv::Mat decode_image(std::span<const unsigned char> file);

}  // namespace metamict
