// SPDX-License-Identifier: GPL-3.0-or-later
// The shape of each region, as people describe particles and domains.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace metamict {

/// In pixels of the image. Axes are those of the ellipse with the region's second moments.
struct RegionShape {
  double perimeter_px = 0;            ///< of the outer borders, along pixel edges' middles
  double equivalent_diameter_px = 0;  ///< of the disc of the same area
  double major_axis_px = 0, minor_axis_px = 0;  ///< full lengths
  double aspect_ratio = 1;                      ///< major over minor
  double orientation_deg = 0;  ///< of the major axis, counter-clockwise from the picture's right,
                               ///< in [0, 180)
  double solidity = 1;         ///< area over that of the convex hull
};

/// The shapes of labels 1 to `count` of a label map (CV_16UC1). A label without pixels keeps zeros.
std::vector<RegionShape> region_shapes(const cv::Mat& labels, std::size_t count);

}  // namespace metamict
