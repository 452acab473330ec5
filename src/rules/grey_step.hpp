// SPDX-License-Identifier: GPL-3.0-or-later
// Where the mean grey of one lattice makes a step. There the material changes, for the signal grows
// as about Z^1.7.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <vector>

#include "rules/grey_cells.hpp"

namespace metamict {

/// Cuts ordered regions where their grey makes a step. A film may be as thin as three periods.
///
/// A step is the change of the grey over a line less the largest change beside it, within about a
/// chip on either side. So a wedge, contamination and shading make no step: they change the grey as
/// much beside a line as over it. A particle's flank and a dark line make none either: they are
/// steep on one side.
class GreySteps {
 public:
  explicit GreySteps(const GreyCells& cells, const GreyStepOptions& options = {});

  /// The parts of a region between which its grey steps, by chip; the region alone where it does
  /// not.
  std::vector<Nodes> parts(const Nodes& region) const;

 private:
  /// The line between high and low crosses here for all thresholds of the levelled grey in [from,
  /// to).
  struct Crossing {
    float from, to;
    float step;  ///< in contrasts
  };

  /// How much the grey steps where a threshold's line crosses the core.
  struct Step {
    double median = 0;
    double along = 0;  ///< the sum: most where the line runs along a border from end to end
  };
  Step step_at(double threshold, const std::vector<Crossing>& crossings) const;

  /// The higher side of a core's step; empty where the core has none. Of all thresholds that pass,
  /// the one whose line steps most is taken; then half-way between the medians of its two sides,
  /// where that passes, too.
  cv::Mat upper_side(const cv::Mat& core) const;
  std::vector<double> thresholds_over(std::vector<float> values) const;
  bool are_sides(const cv::Mat& core, const cv::Mat& high) const;
  cv::Mat inner(const cv::Mat& core, const cv::Mat& side) const;
  std::optional<Crossing> crossing_at(cv::Point here, cv::Point by, const cv::Mat& core, const cv::Mat& levelled) const;
  cv::Mat without_wedge(const cv::Mat& core) const;
  std::vector<Crossing> crossings_of(const cv::Mat& core, const cv::Mat& levelled) const;
  /// What the lattice itself leaves in the cells, in contrasts. A long period leaves more.
  double ripple_of(const cv::Mat& core) const;

  const GreyCells& cells_;
  GreyStepOptions options_;
  cv::Mat deviation_;  ///< of each cell from the mean of a chip around it, absolute
};

}  // namespace metamict
