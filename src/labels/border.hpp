// SPDX-License-Identifier: GPL-3.0-or-later
// A border between two regions as the pixels have it, and how it gets into the label map.
#pragma once

#include <opencv2/core.hpp>

namespace metamict {

/// Which of two labels each pixel is more likely to have, where the two are in question.
struct Border {
  int a = 0, b = 0;
  cv::Rect box;        ///< of the working image; the maps cover it
  cv::Mat side;        ///< > 0 where a is the more likely, CV_32F
  cv::Mat band;        ///< where pixels of either may change sides, CV_8U
  bool faded = false;  ///< where half of a lattice is left
};

/// A box with a margin around it, inside the image.
cv::Rect grown(const cv::Rect& box, double by, cv::Size within);

/// Draws a border into the label map of the input, whose size may be another than the working
/// image's. bands: where pixels may have changed sides; the border's band joins it.
void draw_border(const Border& border, cv::Size working, cv::Mat& labels, cv::Mat& bands);

/// Gives what the borders cut off within their bands to the nearest region. Regions grow and shrink
/// at their edges; they do not scatter.
void join_fragments(cv::Mat& labels, const cv::Mat& bands);

}  // namespace metamict
