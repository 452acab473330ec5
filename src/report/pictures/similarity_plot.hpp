// SPDX-License-Identifier: GPL-3.0-or-later
// similarity.png: how alike the chips are, and where each rule cuts (the paper's Figure 2).
#pragma once

#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// PNG of the distribution of the pairwise scores in 100 bins, with every threshold rule's cut as a labelled line.
/// Throws OutputError.
std::string draw_similarity(const Result& result);

}  // namespace metamict
