// SPDX-License-Identifier: GPL-3.0-or-later
// Communities are the groups of chips that the similarity graph ties together. They become the
// regions of the map.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metamict/community_options.hpp"
#include "metamict/graph.hpp"
#include "metamict/resources.hpp"

namespace metamict {

/// A partition of the chips, and how far repeated runs agree on it.
struct Communities {
  std::vector<std::int32_t>
      community;  ///< of each node; 0 = the largest, then by falling size, ties to the lowest
                  ///< node; -1 = a chip that is not looked at
  int count = 0;
  std::optional<double>
      modularity;  ///< of this partition on its graph, recomputed by igraph's definition
  std::vector<float>
      node_stability;    ///< share of runs that put the node into the matched community, [0, 1]
  double stability = 1;  ///< mean adjusted Rand index of the runs against the best
  std::vector<float> margin;  ///< of each node, by how much it is nearer to its class than to the
                              ///< next, in radians; only of the rule `prototypes`
  std::vector<std::pair<std::uint32_t, std::string>>
      named_chips;                             ///< one chip of each community that has a name
  std::vector<std::int32_t> composition_part;  ///< of each chip, which part of the image by its
                                               ///< composition; empty without element maps
  std::string engine;                          ///< "dense" or "igraph": which one ran
  Notes notes;
};

/// Maximises modularity by Louvain or Leiden and keeps the best of `runs` runs. A graph without
/// edges gives every node a community of its own, and a note. Throws UsageError for impossible
/// options, ResourceError when memory runs out.
Communities find_communities(const ChipGraph& graph, const CommunityOptions& options = {},
                             const Resources& resources = {}, const Progress& progress = {});

/// Renumbers communities by falling size, ties to the lowest node; -1 stays. Returns how many there
/// are.
int number_canonically(std::vector<std::int32_t>& community);

/// Mean score between every two communities of the grid's chips, row-major, count x count, over
/// the chips that are compared. The diagonal holds the mean
/// score within each community, which is 1 for a community of one chip.
std::vector<double> community_scores(const Similarity& similarity, const Communities& communities);

}  // namespace metamict
