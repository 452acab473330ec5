// SPDX-License-Identifier: GPL-3.0-or-later
// The mean grey on a grid finer than the chips' grid. A film of another material may be thinner
// than a chip.
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <utility>
#include <vector>

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/micrograph.hpp"
#include "rules/nested_options.hpp"

namespace metamict {

/// The mean grey around each cell. A cell is a sixteenth of a chip, a quarter of a period at the
/// usual chip.
class GreyCells {
 public:
  static constexpr int per_chip = 16;

  /// grey: CV_32F. contrast: the standard deviation of the lattice's pixels, the unit of grey
  /// steps; 0 where there is no lattice. The grid must outlive this.
  GreyCells(const ChipGrid& grid, cv::Mat grey, double contrast, GreyCellOptions options = {})
      : grid_(&grid), grey_(std::move(grey)), contrast_(contrast), options_(options) {}

  /// Cells of one chip. No layer and no material is smaller.
  static constexpr int in_a_chip() { return per_chip * per_chip; }

  const cv::Mat& grey() const { return grey_; }
  double contrast() const { return contrast_; }

  /// The cells of some chips: each cell belongs to the chip whose centre is nearest. CV_8U.
  cv::Mat mask_of(const Nodes& nodes) const;

  /// Those of them that show nothing of another region.
  cv::Mat core_of(const Nodes& nodes) const {
    return eroded(mask_of(nodes), options_.margin_cells);
  }

  /// The cells that show nothing of some others.
  cv::Mat away_from(const cv::Mat& cells) const { return eroded(~cells, options_.margin_cells); }

  /// Divides chips by the set of cells that their centre is nearer to.
  std::array<Nodes, 2> divide(const Nodes& nodes, const cv::Mat& cells,
                              const cv::Mat& other_cells) const;

 private:
  const ChipGrid* grid_;
  cv::Mat grey_;
  double contrast_;
  GreyCellOptions options_;
};

/// The cells of a micrograph. order: of each chip; the contrast is that of the ordered chips, in
/// the median.
GreyCells grey_cells(const Micrograph& canonical, const ChipGrid& grid,
                     const std::vector<float>& order, int threads,
                     const GreyCellOptions& options = {});

}  // namespace metamict
