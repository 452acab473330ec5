// SPDX-License-Identifier: GPL-3.0-or-later
// The Hann window fades a piece of an image towards its edge, so that the edge does not show in the
// piece's spectrum.
#pragma once

#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace metamict {

/// The separable Hann window, size x size, CV_32F. OpenCV's own is the square root of it.
inline cv::Mat hann_window(int size) {
  cv::Mat window;
  cv::createHanningWindow(window, {size, size}, CV_32F);
  return window.mul(window);
}

/// The Hann window with its middle between the pixels, where a chip's is. So no pixel of the edge
/// gets weight 0.
inline cv::Mat centred_hann_window(int size) {
  cv::Mat window(size, size, CV_32FC1);
  const auto hann = [size](int i) {
    return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * (i + 0.5) / size);
  };
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) window.at<float>(y, x) = static_cast<float>(hann(y) * hann(x));
  return window;
}

}  // namespace metamict
