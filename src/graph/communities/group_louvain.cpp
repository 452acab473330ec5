// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/communities/group_louvain.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace metamict {
namespace {

/// The same graph by node, without loops. Strengths count loops twice.
struct Adjacency {
  std::vector<std::size_t> first;
  std::vector<std::pair<std::uint32_t, double>> neighbours;
  std::vector<double> strength;
  double twice_total = 0;

  explicit Adjacency(const WeightedGraph& graph)
      : first(graph.nodes + 1, 0), strength(graph.nodes, 0) {
    for (std::size_t e = 0; e < graph.weights.size(); ++e) {
      const std::uint32_t a = graph.ends[2 * e], b = graph.ends[2 * e + 1];
      strength[a] += graph.weights[e];
      strength[b] += graph.weights[e];
      first[a + 1] += a != b;
      first[b + 1] += a != b;
    }
    std::partial_sum(first.begin(), first.end(), first.begin());
    twice_total = std::accumulate(strength.begin(), strength.end(), 0.0);
    neighbours.resize(first.back());
    std::vector<std::size_t> next(first.begin(), first.end() - 1);
    for (std::size_t e = 0; e < graph.weights.size(); ++e) {
      const std::uint32_t a = graph.ends[2 * e], b = graph.ends[2 * e + 1];
      if (a == b) continue;
      neighbours[next[a]++] = {b, graph.weights[e]};
      neighbours[next[b]++] = {a, graph.weights[e]};
    }
  }
};

class GroupMoves {
 public:
  GroupMoves(const WeightedGraph& graph, double resolution)
      : graph_(graph),
        resolution_(resolution),
        group_(graph.nodes),
        strength_(graph_.strength),
        weight_(graph.nodes, 0) {
    std::iota(group_.begin(), group_.end(), 0);
  }

  bool pass(const std::vector<std::uint32_t>& order) {
    bool moved = false;
    for (const std::uint32_t node : order) {
      const auto from = static_cast<std::size_t>(group_[node]);
      const std::size_t to = best_group(node, from);
      if (to == from) continue;
      strength_[from] -= graph_.strength[node];
      strength_[to] += graph_.strength[node];
      group_[node] = static_cast<std::int32_t>(to);
      moved = true;
    }
    return moved;
  }

  Membership numbered() const {
    Membership name(group_.size(), -1), numbered;
    std::int32_t next = 0;
    for (const std::int32_t group : group_) {
      std::int32_t& n = name[static_cast<std::size_t>(group)];
      if (n < 0) n = next++;
      numbered.push_back(n);
    }
    return numbered;
  }

 private:
  std::size_t best_group(std::uint32_t node, std::size_t from) {
    const double strength = graph_.strength[node];
    const double expected = resolution_ * strength / graph_.twice_total;
    const auto each = [&](const auto& visit) {
      for (std::size_t k = graph_.first[node]; k < graph_.first[node + 1]; ++k)
        visit(static_cast<std::size_t>(group_[graph_.neighbours[k].first]),
              graph_.neighbours[k].second);
    };
    each([&](std::size_t group, double weight) { weight_[group] += weight; });
    std::size_t best = from;
    double best_gain = weight_[from] - expected * (strength_[from] - strength) + 1e-12 * strength;
    each([&](std::size_t group, double) {
      if (group == from || weight_[group] == 0) return;
      const double gain = weight_[group] - expected * strength_[group];
      weight_[group] = 0;
      if (gain <= best_gain) return;
      best = group;
      best_gain = gain;
    });
    weight_[from] = 0;
    return best;
  }

  Adjacency graph_;
  double resolution_;
  Membership group_;
  std::vector<double> strength_;  // of each group
  std::vector<double> weight_;    // of the node at hand to each group; zero between nodes
};

}  // namespace

Membership move_groups(const WeightedGraph& graph, double resolution, std::mt19937_64& random) {
  std::vector<std::uint32_t> order(graph.nodes);
  std::iota(order.begin(), order.end(), 0U);
  shuffle(order, random);
  GroupMoves moves(graph, resolution);
  while (moves.pass(order)) {
  }
  return moves.numbered();
}

double modularity_of_singles(const WeightedGraph& graph, double resolution) {
  const Adjacency adjacency(graph);
  double sum = 0;
  for (std::size_t e = 0; e < graph.weights.size(); ++e)
    if (graph.ends[2 * e] == graph.ends[2 * e + 1]) sum += 2 * graph.weights[e];
  for (const double strength : adjacency.strength)
    sum -= resolution * strength * strength / adjacency.twice_total;
  return sum / adjacency.twice_total;
}

}  // namespace metamict
