// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <opencv2/imgproc.hpp>

namespace metamict {

/// The separable Hann window, size x size, CV_32F (OpenCV's is its square root).
inline cv::Mat hann_window(int size) {
  cv::Mat window;
  cv::createHanningWindow(window, {size, size}, CV_32F);
  return window.mul(window);
}

}  // namespace metamict
