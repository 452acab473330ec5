// SPDX-License-Identifier: GPL-3.0-or-later
// How far repeated runs agree with the best one.
#pragma once

#include <cstdint>
#include <vector>

namespace metamict {

struct Stability {
  std::vector<float> node;  ///< share of the runs (the best among them) that put the node into the matched community
  double index = 1;  ///< mean adjusted Rand index of the other runs against the best; 1 when there is only one run
};

/// Communities of each run are matched one to one with the best run's, largest overlaps first (ties: lower community of
/// the best, then of the run).
Stability stability_of(const std::vector<std::vector<std::int32_t>>& runs, std::size_t best);

}  // namespace metamict
