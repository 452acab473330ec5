// SPDX-License-Identifier: GPL-3.0-or-later
// Layers without a lattice that differ in their grey, like a glass under a patchy cap.
#pragma once

#include <utility>
#include <vector>

#include "rules/grey_cells.hpp"

namespace metamict {

/// The brighter of two phases of a masked field. The phases have the least misfit and the shortest
/// border together (two-label Potts model by a graph cut: Boykov and Jolly 2001); their levels are
/// their medians. A cell's misfit is its distance from the level of its phase over the distance of
/// the levels, at most 1. A border costs 1 a cell. grey: CV_32F; mask, result: CV_8U. Empty where
/// only one phase is left.
cv::Mat brighter_phase(const cv::Mat& grey, const cv::Mat& mask, const LayerOptions& options = {});

/// Cuts what has no lattice into layers, where their greys differ. Patches of a polycrystal may be
/// as dark as the glass below it. A threshold takes them for glass; their long borders tell that
/// they are no layer.
class GreyPhases {
 public:
  explicit GreyPhases(const GreyCells& cells, const NestedOptions& options = {})
      : cells_(cells), options_(options) {}

  /// The layers of some chips; all in one where the phases are no layers.
  std::vector<Nodes> parts(const Nodes& nodes) const;

 private:
  bool is_border(const cv::Mat& core, const cv::Mat& bright) const;

  const GreyCells& cells_;
  NestedOptions options_;
};

}  // namespace metamict
