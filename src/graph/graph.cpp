// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/graph.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <utility>

namespace metamict {
namespace {

/// The smallest quantum whose score reaches the cut; 65,536 when none does.
std::uint32_t threshold_of(double cut) {
  std::uint32_t low = 0, high = 65536;
  while (low < high) {
    const std::uint32_t middle = (low + high) / 2;
    if (static_cast<double>(score_of(static_cast<Quantum>(middle))) >= cut)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

/// Walks breadth first and looks only among the nodes not reached yet. In a dense graph that list
/// is empty after a few rows.
std::uint32_t count_components(const ChipGraph& graph) {
  std::vector<std::uint32_t> unreached(graph.nodes()), reached;
  std::iota(unreached.begin(), unreached.end(), 0U);
  std::uint32_t components = 0;
  while (!unreached.empty()) {
    ++components;
    reached.assign(1, unreached.back());
    unreached.pop_back();
    while (!reached.empty() && !unreached.empty()) {
      const Quantum* row = graph.scores->row(reached.back());
      reached.pop_back();
      std::size_t kept = 0;
      for (const std::uint32_t node : unreached)
        if (row[node] >= graph.threshold)
          reached.push_back(node);
        else
          unreached[kept++] = node;
      unreached.resize(kept);
    }
  }
  return components;
}

Notes notes_on(const ChipGraph& graph, std::size_t pairs) {
  Notes notes;
  if (graph.edges == 0)
    notes.push_back("cut " + graph.cut.rule.name + ": no pair of chips reaches the score " +
                    std::to_string(graph.cut.value) + ", so the graph has no edges");
  if (graph.edges == pairs)
    notes.push_back("cut " + graph.cut.rule.name + ": every pair of chips reaches the score " +
                    std::to_string(graph.cut.value) + ", so the graph is complete");
  return notes;
}

using Pair = std::pair<std::uint32_t, std::uint32_t>;

/// Runs Prim's algorithm over matrix rows, once per component. It keeps the best edge from the tree
/// to every node outside, and each row that joins renews it. So no edge is ever sorted.
void add_spanning_forest(const ChipGraph& graph, std::set<Pair>& chosen) {
  const auto nodes = static_cast<std::uint32_t>(graph.nodes());
  std::vector<std::uint32_t> outside(nodes), parent(nodes, 0);
  std::vector<std::int32_t> best(nodes, -1);
  std::iota(outside.begin(), outside.end(), 0U);
  while (!outside.empty()) {
    std::size_t at = 0;
    for (std::size_t k = 1; k < outside.size(); ++k)
      if (best[outside[k]] > best[outside[at]]) at = k;
    const std::uint32_t joining = outside[at];
    if (best[joining] >= 0) chosen.insert(std::minmax(joining, parent[joining]));
    outside.erase(outside.begin() + static_cast<std::ptrdiff_t>(at));
    const Quantum* row = graph.scores->row(joining);
    for (const std::uint32_t node : outside)
      if (row[node] >= graph.threshold && static_cast<std::int32_t>(row[node]) > best[node]) {
        best[node] = row[node];
        parent[node] = joining;
      }
  }
}

/// The neighbours with the highest scores, the lower node first among equals. The list is kept
/// sorted while the row is read, because after a few nodes hardly any is good enough to be put in.
std::vector<std::uint32_t> nearest(const ChipGraph& graph, std::uint32_t node, std::size_t count) {
  const Quantum* row = graph.scores->row(node);
  std::vector<std::uint32_t> neighbours;
  std::uint32_t least = graph.threshold;
  for (std::uint32_t other = 0; other < graph.nodes() && count > 0; ++other) {
    if (row[other] < least || other == node) continue;
    const auto place =
        std::upper_bound(neighbours.begin(), neighbours.end(), row[other],
                         [&](Quantum score, std::uint32_t kept) { return score > row[kept]; });
    neighbours.insert(place, other);
    if (neighbours.size() > count) neighbours.pop_back();
    if (neighbours.size() == count) least = std::max(graph.threshold, row[neighbours.back()] + 1U);
  }
  return neighbours;
}

void add_mutual_neighbours(const ChipGraph& graph, std::size_t count, std::set<Pair>& chosen) {
  std::vector<std::vector<std::uint32_t>> neighbours(graph.nodes());
  for (std::uint32_t node = 0; node < graph.nodes(); ++node)
    neighbours[node] = nearest(graph, node, count);
  for (std::uint32_t node = 0; node < graph.nodes(); ++node)
    for (const std::uint32_t other : neighbours[node])
      if (node < other && std::find(neighbours[other].begin(), neighbours[other].end(), node) !=
                              neighbours[other].end())
        chosen.insert({node, other});
}

}  // namespace

ChipGraph link(const Similarity& similarity, const Cut& cut, EdgeWeight weighting) {
  ChipGraph graph{similarity.scores, cut, threshold_of(cut.value), weighting, 0, 0, {}};
  const auto& counts = similarity.statistics.counts;
  graph.edges = std::accumulate(counts.begin() + static_cast<std::ptrdiff_t>(graph.threshold),
                                counts.end(), std::uint64_t{0});
  graph.components = count_components(graph);
  graph.notes = notes_on(graph, similarity.statistics.pairs);
  return graph;
}

void for_each_edge(const ChipGraph& graph, const std::function<void(const Edge&)>& visit) {
  for (std::uint32_t a = 0; a < graph.nodes(); ++a) {
    const Quantum* row = graph.scores->row(a);
    for (std::uint32_t b = a + 1; b < graph.nodes(); ++b)
      if (row[b] >= graph.threshold) visit({a, b, graph.weight(row[b])});
  }
}

std::vector<Edge> backbone(const ChipGraph& graph, int neighbours) {
  std::set<Pair> chosen;
  add_spanning_forest(graph, chosen);
  add_mutual_neighbours(graph, static_cast<std::size_t>(std::max(neighbours, 0)), chosen);
  std::vector<Edge> edges;
  edges.reserve(chosen.size());
  for (const auto& [a, b] : chosen) edges.push_back({a, b, graph.weight(graph.scores->row(a)[b])});
  return edges;
}

}  // namespace metamict
