// SPDX-License-Identifier: GPL-3.0-or-later
// One value a chip as a smooth picture over the image.
#pragma once

#include <span>
#include <string>

#include "metamict/chips.hpp"

namespace metamict {

/// CV_32FC1 of the wanted size covering the whole image: the values stand at the chips' centres and are interpolated
/// linearly between them; beyond the outermost centres they go on unchanged.
cv::Mat chip_map(const ChipGrid& grid, std::span<const float> values, cv::Size size);

/// PNG of chip_map in cividis, `low` and below at its dark end, `high` and above at its bright one.
std::string draw_chip_map(const ChipGrid& grid, std::span<const float> values, double low, double high);

}  // namespace metamict
