// SPDX-License-Identifier: GPL-3.0-or-later
// Finds communities and modularity by igraph, of the whole chip graph or of a small graph whose
// nodes are groups.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "graph/communities/igraph_raii.hpp"
#include "metamict/communities.hpp"

namespace metamict {

using Membership = std::vector<std::int32_t>;

/// The partition that one run found.
struct Partition {
  Membership community;
  double modularity = 0;  ///< by igraph
};

/// Nodes joined by weighted edges. A loop is what lies within a group of chips. Its weight is
/// counted once, as igraph does.
struct WeightedGraph {
  std::size_t nodes = 0;
  std::vector<std::uint32_t> ends;  ///< edge e joins ends[2e] and ends[2e + 1]
  std::vector<double> weights;
};

/// A weighted graph in igraph's memory. Weights are quanta, that is whole numbers. Modularity does
/// not depend on their unit. Their sums are exact, so that rounding cannot break ties and make
/// Louvain walk in circles. Edges of weight 0 are left out.
class IgraphCommunities {
 public:
  /// Throws ResourceError when igraph's edge list will not fit in memory.
  IgraphCommunities(IgraphSession& session, const ChipGraph& graph);
  IgraphCommunities(IgraphSession& session, const WeightedGraph& graph);

  /// Returns a partition, or nothing when the session's watcher ended the work.
  std::optional<Membership> louvain(double resolution);
  /// Maximises modularity from `start` (or every node alone) until an iteration changes nothing, 20
  /// at most.
  std::optional<Membership> leiden(double resolution, const Membership& start = {});
  double modularity(const Membership& membership, double resolution);

 private:
  template <typename Source>
  IgraphCommunities(std::size_t nodes, std::size_t edges, const Source& each_edge);

  IgraphIntegers ends_;
  IgraphVector weights_;
  std::optional<IgraphGraph> graph_;
};

/// Partitions a small graph by the method asked for, seeded with `seed`. Every node stays alone if
/// igraph does not settle.
Membership igraph_join(const WeightedGraph& graph, const CommunityOptions& options,
                       std::uint64_t seed);

/// Does all runs by igraph alone. Run r is seeded with (seed, r). A run that does not settle within
/// `passes` passes over the graph is left out with a note.
std::vector<Partition> igraph_runs(const ChipGraph& graph, const CommunityOptions& options,
                                   const Progress& progress, Notes& notes,
                                   std::size_t passes = 500);

/// Mixes seed and run, so that runs r = 0, 1, 2 ... of neighbouring seeds have nothing in common.
std::uint64_t seed_of_run(std::uint64_t seed, std::uint64_t run);

}  // namespace metamict
