// SPDX-License-Identifier: GPL-3.0-or-later
// Where the mean grey of one lattice makes a step: another composition, for the signal goes with Z^1.7 or so.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "metamict/chips.hpp"
#include "metamict/micrograph.hpp"

namespace metamict {

/// One value a chip, rows x cols of the chip grid, CV_32F, in the grey of the micrograph.
struct ChipGreys {
  cv::Mat mean;      ///< of the chip's pixels
  cv::Mat contrast;  ///< their standard deviation
};

ChipGreys chip_greys(const Micrograph& canonical, const ChipGrid& grid, int threads);

/// Cuts regions where their grey makes a step. A wedge, contamination and shading change the grey as much beside a line
/// as across it: what counts is the change over the line beyond the larger one of those as far again on either side.
class GreySteps {
 public:
  /// order: of each chip; the contrast of the lattice, which steps are measured in, is that of ordered chips.
  GreySteps(const ChipGrid& grid, const ChipGreys& greys, const std::vector<float>& order);

  double contrast() const { return contrast_; }

  /// The parts of a region between which its grey steps, by chip; the region alone where it does not. A region without
  /// a lattice may be patchy by nature (a polycrystal): it needs a larger step, and each side in one piece.
  std::vector<std::vector<std::uint32_t>> parts(const std::vector<std::uint32_t>& region, bool ordered) const;

 private:
  /// The higher side of a core's step; empty where it has none: of all thresholds of the levelled greys that pass
  /// the one that they step along most, then half-way between the medians of its two sides.
  cv::Mat upper_side(const cv::Mat& core, bool ordered) const;
  cv::Mat without_wedge(const cv::Mat& core) const;
  /// In contrasts, over the line between high and low; 0 where hardly any chip lies beside it.
  struct Step {
    double median = 0;
    double along = 0;  ///< the sum: most where the line runs along a border from end to end
  };
  Step step_of(const cv::Mat& core, const cv::Mat& high, bool ordered) const;
  bool is_border(const Step& step, const cv::Mat& core, const cv::Mat& high, bool ordered) const;
  /// Chips of the side that are surrounded by it to half a chip's width; what is not of the core is no other side.
  cv::Mat inner(const cv::Mat& core, const cv::Mat& side) const;

  cv::Mat grey_;
  double contrast_ = 0;
  int half_chip_;
};

}  // namespace metamict
