// SPDX-License-Identifier: GPL-3.0-or-later
// Where the mean grey of one lattice makes a step: another composition, for the signal goes with Z^1.7 or so.
#pragma once

#include <vector>

#include "rules/grey_cells.hpp"

namespace metamict {

/// Cuts ordered regions where their grey makes a step, films of three periods too. A wedge, contamination and shading
/// change the grey as much beside a line as across it: what counts is the change over the line beyond the largest one
/// within as far again on either side; on a particle's flank or in a dark line one of them is steep.
class GreySteps {
 public:
  explicit GreySteps(const GreyCells& cells);

  /// The parts of a region between which its grey steps, by chip; the region alone where it does not.
  std::vector<Nodes> parts(const Nodes& region) const;

 private:
  /// The line between high and low crosses here for all thresholds of the levelled grey in [from, to).
  struct Crossing {
    float from, to;
    float step;  ///< in contrasts
  };

  /// The higher side of a core's step; empty where it has none: of all thresholds of the levelled greys that pass
  /// the one that they step along most, then half-way between the medians of its two sides if that passes too.
  cv::Mat upper_side(const cv::Mat& core) const;
  cv::Mat without_wedge(const cv::Mat& core) const;
  std::vector<Crossing> crossings_of(const cv::Mat& core, const cv::Mat& levelled) const;
  /// What the lattice leaves in the cells (a long period more than others), in contrasts.
  double ripple_of(const cv::Mat& core) const;

  const GreyCells& cells_;
  cv::Mat deviation_;  ///< of each cell from the mean of a chip around it, absolute
};

}  // namespace metamict
