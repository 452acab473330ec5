// SPDX-License-Identifier: GPL-3.0-or-later
// Regions of a label map as polygons.
#pragma once

#include <opencv2/core.hpp>
#include <utility>
#include <vector>

namespace metamict {

struct Ring {
  int label = 0;
  /// Corners of pixels. The region lies to the right, so that a ring around
  /// a hole runs the other way.
  std::vector<cv::Point> corners;
};

/// The border of every region along the edges of its pixels, corner to corner; label 0 has none.
/// Pixels that touch only at a corner belong to different rings. Filled by the even-odd rule, the
/// rings of a label are exactly its pixels.
std::vector<Ring> trace_outlines(const cv::Mat& labels);

/// The rings of one label among those of a map.
std::vector<const Ring*> rings_of(const std::vector<Ring>& rings, int label);

/// The parts of the rings where two labels meet that `pairs` names, the lower first: one chain of
/// corners each. A border is in the rings of both its labels; it comes once, from the lower one's.
std::vector<std::vector<cv::Point>> borders_between(const cv::Mat& labels,
                                                    const std::vector<Ring>& rings,
                                                    const std::vector<std::pair<int, int>>& pairs);

/// A place for a region's number: the pixel deepest inside one of its connected parts.
struct Anchor {
  int label = 0;
  cv::Point2d at;
  double depth_px = 0;  ///< from there to the part's border
};

/// One anchor for every part of every label that is at least `smallest_depth_px` deep.
std::vector<Anchor> label_anchors(const cv::Mat& labels, double smallest_depth_px);

}  // namespace metamict
