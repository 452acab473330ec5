// SPDX-License-Identifier: GPL-3.0-or-later
// The smallest cell of a crystal's projection, by its translations.
#pragma once

#include <opencv2/core.hpp>

namespace metamict {

/// Two translations in pixels, |t| <= |u| where reduced.
struct Cell {
  cv::Point2d t, u;

  double area() const;
  /// sqrt(d1 d2) of the two shortest reciprocal vectors, d = 1 / |g|.
  double period_px() const;
  /// The shortest two translations of the same lattice (Lagrange and Gauss).
  Cell reduced() const;
  /// The other lattice's translations are ours, and ours are its, within what a measurement leaves
  /// open.
  bool same_lattice(const Cell& other) const;
};

}  // namespace metamict
