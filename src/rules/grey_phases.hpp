// SPDX-License-Identifier: GPL-3.0-or-later
// Layers without a lattice that differ in their grey: a glass under a patchy cap.
#pragma once

#include <vector>

#include "rules/grey_cells.hpp"

namespace metamict {

/// The brighter of two phases of a masked field: the partition with the least misfit and the shortest border (two-label
/// Potts model by a graph cut: Boykov and Jolly 2001), its two levels the medians of its sides. A cell's misfit is its
/// distance from its side's level over that of the levels, at most 1; a border costs 1 a cell. grey: CV_32F; mask,
/// result: CV_8U. Empty where only one phase is left.
cv::Mat brighter_phase(const cv::Mat& grey, const cv::Mat& mask);

/// Cuts what has no lattice where its grey steps. Patches of a polycrystal may be as dark as the glass below: they
/// differ from a layer by their long borders, which a threshold does not count.
class GreyPhases {
 public:
  explicit GreyPhases(const GreyCells& cells) : cells_(cells) {}

  /// The parts by chip; all in one where the phases are no layers.
  std::vector<Nodes> parts(const Nodes& nodes) const;

 private:
  bool is_border(const cv::Mat& core, const cv::Mat& bright) const;

  const GreyCells& cells_;
};

}  // namespace metamict
