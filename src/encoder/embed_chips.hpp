// SPDX-License-Identifier: GPL-3.0-or-later
// Embeds part of a grid, so that a large image can be embedded piece by piece.
#pragma once

#include <limits>

#include "metamict/encoder.hpp"

namespace metamict {

/// Embeds the chips in `part` (x: first column of the grid, y: first row, width and height in
/// chips), one row of length 1 a chip, row by row. They are the rows that `embed` gives, because
/// the encoder sees the image as far around the part as it reaches. Where it may not see so far
/// (most_reach_px), they are nearly those. Throws as `embed` does.
inline constexpr int any_reach = std::numeric_limits<int>::max();
RowMatrixXf embed_chips(const Micrograph& canonical, const ChipGrid& grid, const cv::Rect& part,
                        Encoder& encoder, Normalise normalise, const Progress& progress,
                        int most_reach_px = any_reach);

}  // namespace metamict
