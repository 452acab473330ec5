// SPDX-License-Identifier: GPL-3.0-or-later
// The size of an image for a sentence.
#pragma once

#include <opencv2/core.hpp>
#include <string>

namespace metamict {

/// "1024 x 768 px": columns, rows.
inline std::string size_text(cv::Size size) {
  return std::to_string(size.width) + " x " + std::to_string(size.height) + " px";
}

}  // namespace metamict
