// SPDX-License-Identifier: GPL-3.0-or-later
// Runs Louvain's local moving on a small weighted graph, between the passes over the chips and
// igraph. A few hundred groups that are all tied to each other are still slow in igraph: 20 ms,
// where this takes 0.3 ms.
#pragma once

#include <cstdint>
#include <random>

#include "graph/communities/igraph_communities.hpp"

namespace metamict {

/// A random number below `limit`, the same on every system.
inline std::size_t below(std::mt19937_64& random, std::size_t limit) {
  return static_cast<std::size_t>(random() % limit);
}

template <typename T>
void shuffle(std::vector<T>& values, std::mt19937_64& random) {
  for (std::size_t k = values.size(); k > 1; --k)
    std::swap(values[k - 1], values[below(random, k)]);
}

/// Starts from every node by itself and moves nodes until none gains by moving alone. Numbers
/// groups from 0, no gaps.
Membership move_groups(const WeightedGraph& graph, double resolution, std::mt19937_64& random);

/// Modularity of the partition in which every node is alone.
double modularity_of_singles(const WeightedGraph& graph, double resolution);

}  // namespace metamict
