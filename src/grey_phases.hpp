// SPDX-License-Identifier: GPL-3.0-or-later
// Layers without a lattice that differ in their grey: a glass under a patchy cap.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "metamict/chips.hpp"
#include "metamict/micrograph.hpp"

namespace metamict {

/// Mean grey about each cell of a sixteenth of a chip (a quarter of a period), under a Gaussian of half a period.
/// CV_32F.
cv::Mat grey_cells(const Micrograph& canonical, const ChipGrid& grid);

/// The brighter of two phases of a masked field: the partition with the least misfit and the shortest border (two-label
/// Potts model by a graph cut: Boykov and Jolly 2001), its two levels the medians of its sides. A cell's misfit is its
/// distance from its side's level over that of the levels, at most 1; a border costs 1 a cell. grey: CV_32F; mask,
/// result: CV_8U. Empty where only one phase is left.
cv::Mat brighter_phase(const cv::Mat& grey, const cv::Mat& mask);

/// Cuts what has no lattice where its grey steps. Patches of a polycrystal may be as dark as the glass below: they
/// differ from a layer by their long borders, which a threshold (GreySteps) does not count.
class GreyPhases {
 public:
  /// cells: of grey_cells. contrast: of the lattice, which steps are measured in.
  GreyPhases(const ChipGrid& grid, const cv::Mat& cells, double contrast)
      : grid_(grid), cells_(cells), contrast_(contrast) {}

  /// The parts by chip; all in one where the phases are no layers.
  std::vector<std::vector<std::uint32_t>> parts(const std::vector<std::uint32_t>& nodes) const;

 private:
  cv::Mat mask_of(const std::vector<std::uint32_t>& nodes) const;
  bool is_border(const cv::Mat& core, const cv::Mat& bright) const;

  const ChipGrid& grid_;
  const cv::Mat& cells_;
  double contrast_;
};

}  // namespace metamict
