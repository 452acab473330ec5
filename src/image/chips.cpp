// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/chips.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "image/size_text.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

/// The number of chips along an axis: as many whole strides as fit, and one more at the edge where
/// they leave a rest.
int chips_along(int length_px, int size_px, int stride_px) {
  return (length_px - size_px + stride_px - 1) / stride_px + 1;
}

std::string in_input_px(int canonical_px, double scale) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g px", canonical_px / scale);
  return text;
}

}  // namespace

cv::Rect ChipGrid::chip(std::size_t node) const {
  return {std::min(col(node) * stride_px, image_size.width - size_px),
          std::min(row(node) * stride_px, image_size.height - size_px), size_px, size_px};
}

cv::Rect2d ChipGrid::chip_in_input(std::size_t node) const {
  // The canonical image has whole rows and columns, so its two scales may differ a little from the
  // nominal one.
  const double x_scale = static_cast<double>(input_size.width) / image_size.width;
  const double y_scale = static_cast<double>(input_size.height) / image_size.height;
  const cv::Rect canonical = chip(node);
  return {origin.x + canonical.x * x_scale, origin.y + canonical.y * y_scale,
          canonical.width * x_scale, canonical.height * y_scale};
}

ChipGrid lay_grid(cv::Size image_size, cv::Size input_size, int size_px, int stride_px) {
  ChipGrid grid;
  grid.image_size = image_size;
  grid.input_size = input_size;
  const double scale = static_cast<double>(image_size.width) / input_size.width;
  grid.size_px = size_px;
  grid.stride_px = stride_px;
  const std::string chip_text = "a chip of " + in_input_px(size_px, scale);
  if (size_px < 1)
    throw UsageError("the chip size is " + in_input_px(size_px, scale) +
                     ": give at least one pixel");
  if (stride_px < 1 || stride_px > size_px)
    throw UsageError(
        "the stride is " + in_input_px(stride_px, scale) +
        ": give at least one pixel (of the canonical image) and at most the chip's edge, " +
        in_input_px(size_px, scale));
  if (grid.image_size.width < size_px || grid.image_size.height < size_px)
    throw InputError("the image is " + size_text(grid.input_size) + ", smaller than " + chip_text +
                     ": give a smaller --chip-size");
  grid.rows = chips_along(grid.image_size.height, size_px, stride_px);
  grid.cols = chips_along(grid.image_size.width, size_px, stride_px);
  if (grid.chips() < 2)
    throw InputError("the image is " + size_text(grid.input_size) + " and holds only one chip, " +
                     chip_text +
                     ", but there is nothing to compare below two: give a smaller --chip-size");
  return grid;
}

}  // namespace metamict
