// SPDX-License-Identifier: GPL-3.0-or-later
// Which labels of a map of pixels, or of chips, touch.
#pragma once

#include <algorithm>
#include <opencv2/core.hpp>
#include <set>
#include <utility>

namespace metamict {

/// Every two labels above 0 that touch by an edge, the lower one first. label_at: (row, col).
template <class LabelAt>
std::set<std::pair<int, int>> touching_labels(cv::Size size, const LabelAt& label_at) {
  std::set<std::pair<int, int>> pairs;
  const auto note = [&](int first, int second) {
    if (first != second && first > 0 && second > 0) pairs.insert(std::minmax(first, second));
  };
  for (int row = 0; row < size.height; ++row)
    for (int col = 0; col < size.width; ++col) {
      if (col + 1 < size.width) note(label_at(row, col), label_at(row, col + 1));
      if (row + 1 < size.height) note(label_at(row, col), label_at(row + 1, col));
    }
  return pairs;
}

}  // namespace metamict
