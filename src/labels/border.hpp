// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <opencv2/core.hpp>

namespace metamict {

/// A border as the pixels have it: which of two labels is more likely, where they are in question.
struct Border {
  int a = 0, b = 0;
  cv::Rect box;        ///< of the working image; the maps cover it
  cv::Mat side;        ///< > 0 where a is the more likely, CV_32F
  cv::Mat band;        ///< where pixels of either may change sides, CV_8U
  bool faded = false;  ///< where half of a lattice is left
};

}  // namespace metamict
