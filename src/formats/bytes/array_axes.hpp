// SPDX-License-Identifier: GPL-3.0-or-later
// Which axes of an array are the rows, columns and frames of an image; told the same way for every
// format of arrays.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metamict/formats.hpp"

namespace metamict {

/// Places in the array's shape. `frame` is -1 where every axis but rows and columns has the length
/// one.
struct ArrayAxes {
  int row = 0, col = 1, frame = -1;
};

/// Leaves out axes of length one as long as more than two are left, fills the dataset's rows,
/// columns and frames, and marks it as no image where the shape is none of an image: one dimension,
/// one row, four dimensions and more, colour. The last axis is the frames' where `frames_last`,
/// else the first. Throws InputError for a side that no image has.
ArrayAxes set_array_axes(DatasetInfo& info, const std::vector<std::uint64_t>& shape,
                         bool frames_last = false);

/// The places whose axes have another length than one, all of them where fewer than two have.
std::vector<std::size_t> long_axes(const std::vector<std::uint64_t>& shape);

}  // namespace metamict
