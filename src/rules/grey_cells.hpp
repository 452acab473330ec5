// SPDX-License-Identifier: GPL-3.0-or-later
// The mean grey on a grid finer than the chips': what differs in composition may be thinner than a chip.
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <utility>
#include <vector>

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/micrograph.hpp"

namespace metamict {

/// Mean grey about each cell of a sixteenth of a chip (a quarter of a period), under a Gaussian of half a period.
class GreyCells {
 public:
  static constexpr int per_chip = 16;
  /// Cells so near another region may show it: a chip knows its border to about a period.
  static constexpr int margin = 5;

  /// grey: CV_32F. contrast: of the lattice, which steps are measured in: standard deviation of its pixels; 0 where
  /// there is none. The grid must outlive this.
  GreyCells(const ChipGrid& grid, cv::Mat grey, double contrast)
      : grid_(&grid), grey_(std::move(grey)), contrast_(contrast) {}

  const cv::Mat& grey() const { return grey_; }
  double contrast() const { return contrast_; }

  /// The cells of some chips, each with the chip whose centre is nearest. CV_8U.
  cv::Mat mask_of(const Nodes& nodes) const;

  /// The chips by the set of cells that their centre is nearer to.
  std::array<Nodes, 2> divide(const Nodes& nodes, const cv::Mat& cells, const cv::Mat& other_cells) const;

 private:
  const ChipGrid* grid_;
  cv::Mat grey_;
  double contrast_;
};

/// order: of each chip; the contrast is that of ordered chips, in the median.
GreyCells grey_cells(const Micrograph& canonical, const ChipGrid& grid, const std::vector<float>& order, int threads);

}  // namespace metamict
