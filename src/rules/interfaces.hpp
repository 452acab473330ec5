// SPDX-License-Identifier: GPL-3.0-or-later
// Where parts meet, and which of the borders that meet came first.
#pragma once

#include <map>
#include <opencv2/core.hpp>
#include <utility>
#include <vector>

#include "rules/chip_field.hpp"

namespace metamict {

/// The lines along which the parts of a map touch.
///
/// Where three parts meet, one line runs straight on and another ends on it: a junction like the
/// letter T. The line that runs on came first. Grains of a cap are cut off by the cap's straight
/// border with the film; glass below a cap was film, and the cap's straight border goes on along
/// it.
class Interfaces {
 public:
  /// Parts share no chip.
  Interfaces(const ChipGrid& grid, const std::vector<Nodes>& parts);

  bool touch(std::size_t a, std::size_t b) const { return !between(a, b).empty(); }

  /// How many times straighter the third part's line with a and b together is than the lines of
  /// either with the rest. Above 1 a and b lie on one side of it; below 1 they do not. 1 where the
  /// three do not meet.
  double on_one_side_of(std::size_t third, std::size_t a, std::size_t b) const;

  /// Part a goes into part b < a; the parts after it move up by one.
  void merge(std::size_t a, std::size_t b);

 private:
  using Line = std::vector<cv::Point2f>;  ///< places between two chips side by side, in strides
  using Pair = std::pair<std::size_t, std::size_t>;

  const Line& between(std::size_t a, std::size_t b) const;
  /// Width over length of the narrowest box around two lines.
  static double bend(const Line& line, const Line& more);

  std::map<Pair, Line> lines_;  ///< by two parts, the lesser first
};

}  // namespace metamict
