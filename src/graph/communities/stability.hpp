// SPDX-License-Identifier: GPL-3.0-or-later
// Measures how far repeated runs agree with the best one.
#pragma once

#include <cstdint>
#include <vector>

namespace metamict {

struct Stability {
  std::vector<float> node;  ///< share of the runs (the best among them) that put the node into the
                            ///< matched community
  double index = 1;  ///< mean adjusted Rand index of the other runs against the best; 1 when there
                     ///< is only one run
};

/// Matches the communities of each run one to one with those of the best run, largest overlaps
/// first. Ties go to the lower community of the best run, then of the run.
Stability stability_of(const std::vector<std::vector<std::int32_t>>& runs, std::size_t best);

}  // namespace metamict
