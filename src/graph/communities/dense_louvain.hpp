// SPDX-License-Identifier: GPL-3.0-or-later
// Louvain (and Leiden) whose passes over the chips run on the dense score matrix, without an edge list; what is left, a
// graph with a node for each group of chips, goes to igraph.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/communities/igraph_communities.hpp"

namespace metamict {

struct DenseLimits {
  /// Groups whose weights to every chip are kept up to date rather than read anew: 4 bytes x chips each. Never changes
  /// the result.
  std::size_t kept_groups = 0;
  std::size_t seeds = 0;     ///< groups that an attempt starts from, at most
  std::size_t attempts = 1;  ///< in every run: small graphs are rugged, and cheap

  /// Keeps a worker within 0.2 bytes x N^2 (or 4 MiB).
  static DenseLimits of(std::size_t nodes);
};

/// Run r is seeded with (seed, r). Every community hangs together by edges of the graph.
std::vector<Partition> dense_runs(const ChipGraph& graph, const CommunityOptions& options, int threads,
                                  const DenseLimits& limits, const Progress& progress);

}  // namespace metamict
