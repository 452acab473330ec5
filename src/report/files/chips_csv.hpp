// SPDX-License-Identifier: GPL-3.0-or-later
// chips.csv: one line a chip.
#pragma once

#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// RFC 4180 with the columns node,row,col,x_px,y_px,order and, for each rule, <rule>_community and
/// <rule>_stability. x_px and y_px are the chip's centre as chip_centre_px gives it.
std::string chips_csv(const Result& result);

/// The middle of a chip in pixels of the input image. They are counted as in regions' centroids:
/// the middle of the first pixel is (0, 0).
cv::Point2d chip_centre_px(const ChipGrid& grid, std::size_t node);

}  // namespace metamict
