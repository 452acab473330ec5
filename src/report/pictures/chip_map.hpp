// SPDX-License-Identifier: GPL-3.0-or-later
// One value a chip as a smooth picture over the image.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "metamict/chips.hpp"

namespace metamict {

/// The middles of the grid's columns and rows of chips, in pixels of the input image.
struct ChipCentres {
  std::vector<double> x, y;
};
ChipCentres chip_centres(const ChipGrid& grid);

/// CV_32FC1 of the wanted size that covers the whole image. The values stand at the chips' centres
/// and are interpolated linearly between them. Beyond the outermost centres they go on unchanged.
cv::Mat chip_map(const ChipGrid& grid, std::span<const float> values, cv::Size size);

/// PNG of chip_map in cividis: `low` and below are its dark end, `high` and above its bright one.
std::string draw_chip_map(const ChipGrid& grid, std::span<const float> values, double low,
                          double high);

}  // namespace metamict
