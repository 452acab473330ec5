// SPDX-License-Identifier: GPL-3.0-or-later
// similarity.png: how alike the chips are, and where each rule cuts (the paper's Figure 2).
#pragma once

#include <span>
#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// PNG of the distribution of the pairwise scores in 100 bins, with the cut of every rule that has
/// a graph as a labelled line. Throws OutputError.
std::string draw_similarity(const SimilarityStatistics& scores, std::span<const RuleResult> rules);

}  // namespace metamict
