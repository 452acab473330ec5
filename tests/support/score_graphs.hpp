// SPDX-License-Identifier: GPL-3.0-or-later
// Similarities and graphs whose every score a test decides, without embeddings.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include "metamict/communities.hpp"
#include "metamict/graph.hpp"

namespace metamict::test {

/// quantum(i, j) is asked for i < j.
inline Similarity similarity_of(std::size_t nodes,
                                const std::function<Quantum(std::size_t, std::size_t)>& quantum) {
  auto scores = std::make_shared<ScoreMatrix>(nodes);
  Similarity similarity;
  similarity.statistics.counts.assign(65536, 0);
  for (std::size_t i = 0; i < nodes; ++i)
    for (std::size_t j = i + 1; j < nodes; ++j) {
      const Quantum q = quantum(i, j);
      scores->row(i)[j] = scores->row(j)[i] = q;
      ++similarity.statistics.counts[q];
      ++similarity.statistics.pairs;
    }
  similarity.scores = std::move(scores);
  return similarity;
}

inline Cut cut_at(double value) { return {{CutKind::number, value, std::to_string(value)}, value}; }

/// A graph of a kind: 0 pure noise, 1 planted groups, 2 points in a square (near = alike), 3 points
/// on a line with a gradient, 4 planted groups of very unequal sizes with a few strays, 5 cliques
/// that lack a few edges, 6 stars, 7 a grid of two alternating textures whose scores have eight
/// values only, 8 cosines of a few directions with noise. The cut keeps about `density` of the
/// pairs.
constexpr int graph_kinds = 9;
struct RandomGraph {
  std::size_t nodes = 100;
  int kind = 0;
  double density = 0.5;
  EdgeWeight weighting = EdgeWeight::score;
  std::uint64_t seed = 1;
};

inline Similarity random_similarity(const RandomGraph& options) {
  std::mt19937_64 random(options.seed);
  const auto uniform = [&] { return static_cast<double>(random() >> 11U) * 0x1p-53; };
  std::vector<double> x(options.nodes), y(options.nodes);
  std::vector<int> group(options.nodes);
  const int groups = 2 + static_cast<int>(random() % 7);
  for (std::size_t node = 0; node < options.nodes; ++node) {
    x[node] = uniform();
    y[node] = uniform();
    const double u = uniform();
    group[node] = static_cast<int>((options.kind == 4 ? u * u * u : u) * groups);
    if (options.kind == 4 && uniform() < 0.02) group[node] = 100 + static_cast<int>(node);
  }
  constexpr std::size_t features = 24;
  std::vector<double> direction(options.kind == 8 ? options.nodes * features : 0),
      centre(7 * features + 2 * features);
  for (double& value : centre) value = uniform();
  for (std::size_t k = 0; k < direction.size(); ++k) {
    const std::size_t node = k / features;
    direction[k] = centre[static_cast<std::size_t>(group[node]) * features + k % features] +
                   0.5 * x[node] * centre[7 * features + k % features] + 0.6 * uniform();
  }
  const auto cosine = [&](std::size_t i, std::size_t j) {
    const double* a = direction.data() + i * features;
    const double* b = direction.data() + j * features;
    return std::inner_product(a, a + features, b, 0.0) /
           std::sqrt(std::inner_product(a, a + features, a, 0.0) *
                     std::inner_product(b, b + features, b, 0.0));
  };
  const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(options.nodes)));
  const auto score = [&](std::size_t i, std::size_t j) {
    const double noise = uniform();
    const bool same = group[i] == group[j];
    if (options.kind == 1 || options.kind == 4) return (same ? 0.35 : 0.0) + 0.65 * noise;
    if (options.kind == 2)
      return std::max(0.0, 1 - std::hypot(x[i] - x[j], y[i] - y[j]) / 1.5) * 0.9 + 0.1 * noise;
    if (options.kind == 5) return same && noise > 0.05 ? 0.9 + 0.1 * noise : 0.2 * noise;
    if (options.kind == 6)
      return static_cast<int>(i) < groups && static_cast<int>(j) % groups == static_cast<int>(i)
                 ? 0.7 + 0.3 * noise
                 : 0.3 * noise;
    if (options.kind == 7) {
      const auto gap = [&](std::size_t a, std::size_t b) {
        return static_cast<double>(a > b ? a - b : b - a) / static_cast<double>(side);
      };
      const double far = gap(i % side, j % side) + gap(i / side, j / side);
      return std::round(7 * std::max(0.0, (i % side + i / side) % 2 == (j % side + j / side) % 2
                                              ? 1 - 0.4 * far
                                              : 0.5 - 0.4 * far)) /
             7;
    }
    if (options.kind == 8) return cosine(i, j);
    if (options.kind == 3) return (1 - std::abs(x[i] - x[j])) * 0.8 + 0.2 * noise;
    return noise;
  };
  return similarity_of(options.nodes, [&](std::size_t i, std::size_t j) {
    return static_cast<Quantum>(score(i, j) * 65535.0);
  });
}

inline ChipGraph random_graph(const RandomGraph& options) {
  const Similarity similarity = random_similarity(options);
  std::uint64_t above = 0;
  std::uint32_t q = 65536;
  while (q > 0 && static_cast<double>(above) <
                      options.density * static_cast<double>(similarity.statistics.pairs))
    above += similarity.statistics.counts[--q];
  return link(similarity,
              cut_at(q == 65536 ? 1.0 : static_cast<double>(score_of(static_cast<Quantum>(q)))),
              options.weighting);
}

/// Newman and Girvan's definition with Reichardt and Bornholdt's resolution, pair by pair, as slow
/// as it is plain.
inline double modularity_by_definition(const ChipGraph& graph,
                                       const std::vector<std::int32_t>& community,
                                       double resolution) {
  const std::size_t nodes = graph.nodes();
  std::vector<double> strength(nodes, 0);
  double twice_total = 0;
  for_each_edge(graph, [&](const Edge& edge) {
    strength[edge.a] += static_cast<double>(edge.weight);
    strength[edge.b] += static_cast<double>(edge.weight);
    twice_total += 2 * static_cast<double>(edge.weight);
  });
  double sum = 0;
  for (std::size_t i = 0; i < nodes; ++i)
    for (std::size_t j = 0; j < nodes; ++j) {
      if (community[i] != community[j]) continue;
      const double weight =
          graph.joined(i, j) ? static_cast<double>(graph.weight(graph.scores->row(i)[j])) : 0.0;
      sum += weight - resolution * strength[i] * strength[j] / twice_total;
    }
  return sum / twice_total;
}

/// Whether every community hangs together by edges of the graph.
inline bool communities_are_connected(const ChipGraph& graph,
                                      const std::vector<std::int32_t>& community) {
  std::vector<bool> seen(graph.nodes(), false);
  std::vector<bool> met;
  for (std::size_t start = 0; start < graph.nodes(); ++start) {
    if (seen[start]) continue;
    const auto c = static_cast<std::size_t>(community[start]);
    if (met.size() <= c) met.resize(c + 1, false);
    if (met[c]) return false;
    met[c] = true;
    std::vector<std::size_t> reached{start};
    seen[start] = true;
    while (!reached.empty()) {
      const std::size_t node = reached.back();
      reached.pop_back();
      for (std::size_t other = 0; other < graph.nodes(); ++other)
        if (!seen[other] && community[other] == community[start] && graph.joined(node, other)) {
          seen[other] = true;
          reached.push_back(other);
        }
    }
  }
  return true;
}

}  // namespace metamict::test
