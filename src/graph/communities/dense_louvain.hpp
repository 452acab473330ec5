// SPDX-License-Identifier: GPL-3.0-or-later
// Runs Louvain or Leiden on the dense score matrix, without an edge list. The passes over the chips
// are our own. Then a small graph, which has a node for each group of chips, goes to igraph.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/communities/igraph_communities.hpp"

namespace metamict {

struct DenseLimits {
  /// Up to so many groups keep their weights to every chip up to date, at 4 bytes x chips each.
  /// With more groups the weights are read anew. It never changes the result.
  std::size_t kept_groups = 0;
  std::size_t seeds = 0;     ///< groups that an attempt starts from, at most
  std::size_t attempts = 1;  ///< in every run: small graphs are rugged, and cheap

  /// Chooses limits that keep a worker within 0.2 bytes x N^2, or 4 MiB.
  static DenseLimits of(std::size_t nodes);
};

/// Returns one partition per run. Run r is seeded with (seed, r). Every community is connected by
/// edges of the graph.
std::vector<Partition> dense_runs(const ChipGraph& graph, const CommunityOptions& options,
                                  int threads, const DenseLimits& limits, const Progress& progress);

}  // namespace metamict
