// SPDX-License-Identifier: GPL-3.0-or-later
// Chips are overlapping squares on a regular grid in the canonical micrograph. This header holds
// their geometry only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>

#include "metamict/micrograph.hpp"

namespace metamict {

/// A grid of overlapping square chips. A chip's number is node = row * cols + col. The last row and
/// the last column are moved in to the image's edge, so that every pixel lies under a chip.
struct ChipGrid {
  cv::Size image_size;     ///< of the canonical micrograph, columns x rows
  cv::Size input_size;     ///< of the image in the file, or of the crop that is looked at
  int size_px = 0;         ///< edge of a chip in canonical pixels (the encoder's input size)
  int stride_px = 0;       ///< step between chips in canonical pixels
  int rows = 0, cols = 0;  ///< chips down and across
  cv::Point origin{};      ///< of the crop in the image, in its pixels; else 0

  std::size_t chips() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols);
  }
  int row(std::size_t node) const { return static_cast<int>(node) / cols; }
  int col(std::size_t node) const { return static_cast<int>(node) % cols; }
  std::size_t node(int row, int col) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) +
           static_cast<std::size_t>(col);
  }

  /// The chip in canonical pixels.
  cv::Rect chip(std::size_t node) const;
  /// The same chip in pixels of the file's image (decimals where the canonical scale makes them
  /// so).
  cv::Rect2d chip_in_input(std::size_t node) const;
};

/// Lays chips of size_px every stride_px over a canonical image of image_size. The file's image has
/// input_size. Throws UsageError for a stride below 1 or above the chip, InputError when the image
/// is smaller than a chip or holds fewer than two chips. The messages name sizes in input pixels.
ChipGrid lay_grid(cv::Size image_size, cv::Size input_size, int size_px, int stride_px);

}  // namespace metamict
