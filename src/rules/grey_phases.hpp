// SPDX-License-Identifier: GPL-3.0-or-later
// Layers without a lattice that differ in their grey, like a glass under a patchy cap.
#pragma once

#include <utility>
#include <vector>

#include "rules/grey_cells.hpp"

namespace metamict {

/// A grey, and how far around it a cell is a little of both sides.
struct GreyThreshold {
  double at = 0, width = 1;
};

/// The side of a masked field that is brighter than a grey: of all divisions the one with the least
/// misfit and the shortest border together (two-label Potts model by a graph cut: Boykov and Jolly
/// 2001). A cell's misfit rises from 0 to 1 over the width of the threshold. A border costs 1 a
/// cell. More than most_cells are taken in squares. grey: CV_32F; mask, result: CV_8U.
cv::Mat brighter_phase(const cv::Mat& grey, const cv::Mat& mask, GreyThreshold threshold,
                       int most_cells = 1 << 18);

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
  std::vector<Nodes> parts(const Nodes& nodes, const cv::Mat& core) const;

  /// The step of the grey over the border of a division, in the median; 0 where it is no border of
  /// layers.
  double step_over(const cv::Mat& core, const cv::Mat& bright) const;

  const GreyCells& cells_;
  NestedOptions options_;
};

}  // namespace metamict
