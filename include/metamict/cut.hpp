// SPDX-License-Identifier: GPL-3.0-or-later
// The cut is the smallest score that makes two chips neighbours in the similarity graph.
#pragma once

#include <string>

#include "metamict/similarity.hpp"

namespace metamict {

enum class CutKind { mean, median, mode, number };

/// The cut that the user asked for. It is parsed from "mean", "median", "mode" or a number in [0,
/// 1].
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

/// Computes the rule's cut on this image (paper, section 3): a statistic of the scores, or the
/// number itself.
Cut choose_cut(const Similarity& similarity, const CutRule& rule, int mode_bins = 100);

}  // namespace metamict
