// SPDX-License-Identifier: GPL-3.0-or-later
// Where the similarity graph is cut.
#pragma once

#include <string>

#include "metamict/similarity.hpp"

namespace metamict {

enum class CutKind { mean, median, mode, number };

/// What the user asked for. Parsed from "mean", "median", "mode" or a number in [0, 1].
struct CutRule {
  CutKind kind = CutKind::mode;
  double number = 0;  ///< for CutKind::number
  std::string name;   ///< "mean", ..., or the number as typed
};

/// Throws UsageError.
CutRule parse_cut_rule(const std::string& text);

struct Cut {
  CutRule rule;
  double value = 0;  ///< an edge is kept when its score >= value
};

/// The rule's value on this image (paper, section 3): statistics of the scores, or the number itself.
Cut choose_cut(const Similarity& similarity, const CutRule& rule, int mode_bins = 100);

}  // namespace metamict
