// SPDX-License-Identifier: GPL-3.0-or-later
// The similarity graph joins two chips where their score reaches the cut. The score matrix and a
// threshold are the graph. There is no edge list, because half of all pairs are edges.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "metamict/cut.hpp"

namespace metamict {

enum class EdgeWeight { score, unit };

struct Edge {
  std::uint32_t a, b;  ///< a < b
  float weight;
};

/// An undirected weighted graph over the chips.
struct ChipGraph {
  std::shared_ptr<const ScoreMatrix> scores;
  Cut cut;
  std::uint32_t threshold =
      0;  ///< a pair is an edge when its quantum >= threshold (65,536 = no pair)
  EdgeWeight weighting = EdgeWeight::score;
  std::uint64_t edges = 0;
  std::uint32_t components = 0;  ///< connected components, isolated nodes included
  Notes notes;                   ///< where no pair, or every pair, reaches the cut

  std::size_t nodes() const { return scores->nodes(); }
  bool joined(std::size_t i, std::size_t j) const {
    return i != j && scores->row(i)[j] >= threshold;
  }
  float weight(Quantum q) const { return weighting == EdgeWeight::unit ? 1.0F : score_of(q); }
};

/// Keeps the pairs with score >= cut. An edge weighs its score, or 1. A note says when no pair, or
/// every pair, is kept.
ChipGraph link(const Similarity& similarity, const Cut& cut,
               EdgeWeight weighting = EdgeWeight::score);

/// Calls `visit` for every edge once, with a < b, row by row.
void for_each_edge(const ChipGraph& graph, const std::function<void(const Edge&)>& visit);

/// Returns the edges of a large graph that are worth drawing, sorted by (a, b): each node's mutual
/// nearest neighbours (up to `neighbours`) and a maximum spanning forest. They have the same
/// connected components as the whole graph.
std::vector<Edge> backbone(const ChipGraph& graph, int neighbours = 8);

}  // namespace metamict
