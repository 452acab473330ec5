// SPDX-License-Identifier: GPL-3.0-or-later
// The dense engine against igraph on equal terms, against the true optimum, and against itself
// without its short cuts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "graph/communities/dense_groups.hpp"
#include "graph/communities/dense_louvain.hpp"
#include "graph/communities/group_louvain.hpp"
#include "metamict/communities.hpp"
#include "support/score_graphs.hpp"

namespace metamict {
namespace {

CommunityOptions options_with(Engine engine, CommunityMethod method = CommunityMethod::louvain) {
  CommunityOptions options;
  options.engine = engine;
  options.method = method;
  return options;
}

/// Sizes from 10 to 500 (more small ones than large), all kinds, sparse and dense up to complete,
/// weighted and unit.
test::RandomGraph any_graph(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const double share = static_cast<double>(random() >> 11U) * 0x1p-53;
  const double densities[] = {0.5, 0.5, 0.3, 0.1, 0.03, 0.7, 1.0};
  test::RandomGraph graph;
  graph.nodes = static_cast<std::size_t>(10 * std::pow(50.0, share * share));
  graph.kind = static_cast<int>(seed % test::graph_kinds);
  graph.density = densities[random() % 7];
  graph.weighting = random() % 2 == 0 ? EdgeWeight::unit : EdgeWeight::score;
  graph.seed = seed;
  return graph;
}

TEST(DenseLouvain, IsNowhereBehindIgraphsBestOfFive) {
  double sum = 0, worst = 1;
  std::size_t graphs = 0;
  for (std::uint64_t seed = 1; seed <= 220; ++seed) {
    const ChipGraph graph = test::random_graph(any_graph(seed));
    if (graph.edges == 0) continue;
    const Communities dense = find_communities(graph, options_with(Engine::dense));
    const Communities igraph = find_communities(graph, options_with(Engine::igraph));
    const double ahead = *dense.modularity - *igraph.modularity;
    EXPECT_GE(ahead, -2e-3) << "seed " << seed << ", " << graph.nodes() << " nodes";
    EXPECT_TRUE(test::communities_are_connected(graph, dense.community)) << "seed " << seed;
    IgraphSession session;
    EXPECT_NEAR(*dense.modularity,
                IgraphCommunities(session, graph).modularity(dense.community, 1.0), 1e-9)
        << "seed " << seed;
    sum += ahead;
    worst = std::min(worst, ahead);
    ++graphs;
  }
  EXPECT_GE(graphs, 200U);
  EXPECT_GE(sum / static_cast<double>(graphs), -1e-4);
  RecordProperty("graphs", static_cast<int>(graphs));
  RecordProperty("mean_modularity_ahead", std::to_string(sum / static_cast<double>(graphs)));
  RecordProperty("worst_modularity_ahead", std::to_string(worst));
}

/// The best modularity of all partitions, tried one by one: a node after the other joins each
/// community so far, or starts one.
double true_optimum(const ChipGraph& graph) {
  const std::size_t nodes = graph.nodes();
  std::vector<double> strength(nodes, 0), weight(nodes * nodes, 0);
  for_each_edge(graph, [&](const Edge& edge) {
    weight[edge.a * nodes + edge.b] = weight[edge.b * nodes + edge.a] =
        static_cast<double>(edge.weight);
    strength[edge.a] += static_cast<double>(edge.weight);
    strength[edge.b] += static_cast<double>(edge.weight);
  });
  const double twice_total = std::accumulate(strength.begin(), strength.end(), 0.0);
  std::vector<std::int32_t> community(nodes, 0);
  double best = -1;
  const auto extend = [&](const auto& self, std::size_t node, std::int32_t used,
                          double sum) -> void {
    if (node == nodes) {
      best = std::max(best, sum / twice_total);
      return;
    }
    for (std::int32_t c = 0; c <= used; ++c) {
      community[node] = c;
      double with = sum - strength[node] * strength[node] / twice_total;
      for (std::size_t other = 0; other < node; ++other)
        if (community[other] == c)
          with +=
              2 * (weight[node * nodes + other] - strength[node] * strength[other] / twice_total);
      self(self, node + 1, std::max(used, c + 1), with);
    }
  };
  extend(extend, 0, 0, 0.0);
  return best;
}

TEST(DenseLouvain, FindsTheOptimumOfGraphsSmallEnoughToTryAll) {
  double gap_sum = 0, gap_worst = 0;
  int graphs = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    test::RandomGraph small = any_graph(seed);
    small.nodes = 4 + seed % 7;
    const ChipGraph graph = test::random_graph(small);
    if (graph.edges == 0) continue;
    const double gap =
        true_optimum(graph) - *find_communities(graph, options_with(Engine::dense)).modularity;
    EXPECT_GT(gap, -1e-6);
    gap_sum += gap;
    gap_worst = std::max(gap_worst, gap);
    ++graphs;
  }
  RecordProperty("graphs", graphs);
  RecordProperty("mean_gap_to_optimum", std::to_string(gap_sum / graphs));
  RecordProperty("worst_gap_to_optimum", std::to_string(gap_worst));
  EXPECT_LT(gap_sum / graphs, 1e-4);
  EXPECT_LT(gap_worst, 2e-3);
}

TEST(DenseLouvain, IsTheSameWithRowsReadAnew) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    test::RandomGraph any = any_graph(seed);
    any.nodes = std::min<std::size_t>(any.nodes, 150);
    if (seed % 6 == 0) any.density = 1;  // the complete graph: unit weights count pairs of score 0
    const ChipGraph graph = test::random_graph(any);
    if (graph.edges == 0) continue;
    CommunityOptions options = options_with(
        Engine::dense, seed % 3 == 0 ? CommunityMethod::leiden : CommunityMethod::louvain);
    options.runs = 2;
    options.resolution = seed % 4 == 0 ? 1.5 : 1.0;
    DenseLimits kept = DenseLimits::of(graph.nodes());
    kept.attempts = 3;
    for (const std::size_t kept_groups : {std::size_t{0}, std::size_t{9}}) {
      DenseLimits read = kept;
      read.kept_groups = kept_groups;
      const auto a = dense_runs(graph, options, 1, kept, {}),
                 b = dense_runs(graph, options, 1, read, {});
      for (std::size_t run = 0; run < a.size(); ++run) {
        EXPECT_EQ(a[run].community, b[run].community) << "seed " << seed;
        EXPECT_EQ(a[run].modularity, b[run].modularity);
      }
    }
  }
}

TEST(DenseLouvain, DoesNotDependOnTheThreads) {
  const ChipGraph graph = test::random_graph({300, 0, 0.4, EdgeWeight::score, 5});
  CommunityOptions options = options_with(Engine::dense);
  options.runs = 6;
  const Communities one = find_communities(graph, options);
  for (const int threads : {2, 5}) {
    const Communities many = find_communities(graph, options, {.threads = threads});
    EXPECT_EQ(many.community, one.community);
    EXPECT_EQ(many.node_stability, one.node_stability);
    EXPECT_EQ(many.modularity, one.modularity);
  }
}

TEST(DenseLouvain, GivesChipsWithoutEdgesCommunitiesOfTheirOwn) {
  const ChipGraph graph = test::random_graph({200, 4, 0.02, EdgeWeight::score, 8});
  const Communities communities = find_communities(graph, options_with(Engine::dense));
  std::vector<std::size_t> size(static_cast<std::size_t>(communities.count), 0);
  for (const std::int32_t c : communities.community) ++size[static_cast<std::size_t>(c)];
  std::size_t strays = 0;
  for (std::size_t node = 0; node < graph.nodes(); ++node) {
    bool joined = false;
    for (std::size_t other = 0; other < graph.nodes(); ++other) joined |= graph.joined(node, other);
    if (joined) continue;
    ++strays;
    EXPECT_EQ(size[static_cast<std::size_t>(communities.community[node])], 1U);
  }
  EXPECT_GT(strays, 5U);
}

TEST(DenseGroups, AggregatesToTheModularityOfTheChips) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    test::RandomGraph any = any_graph(seed);
    any.density = seed % 5 == 0 ? 1.0 : 0.4;
    const ChipGraph graph = test::random_graph(any);
    const DenseGraph dense(graph);
    DenseGroups groups(dense, 100);
    std::mt19937_64 random(seed);
    for (int g = 0; g < 7; ++g) groups.add_group();
    for (std::size_t node = 0; node < graph.nodes(); ++node) groups.put(node, below(random, 7));
    for (int k = 0; k < 50; ++k) {
      const std::size_t node = below(random, graph.nodes()), to = below(random, 7);
      if (groups.membership()[node] != static_cast<std::int32_t>(to)) groups.move(node, to);
    }
    groups.leave_out_empty();
    const WeightedGraph small = groups.aggregate();
    Membership itself(groups.count());
    std::iota(itself.begin(), itself.end(), 0);
    for (const double resolution : {1.0, 0.7}) {
      IgraphSession session;
      const double of_chips =
          IgraphCommunities(session, graph).modularity(groups.membership(), resolution);
      EXPECT_NEAR(IgraphCommunities(session, small).modularity(itself, resolution), of_chips,
                  1e-12);
      EXPECT_NEAR(modularity_of_singles(small, resolution), of_chips, 1e-12);
    }
  }
}

TEST(MoveGroups, LeavesNoNodeThatGainsByMoving) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const ChipGraph graph = test::random_graph(any_graph(seed));
    if (graph.edges == 0 || graph.nodes() > 60) continue;
    WeightedGraph same{graph.nodes(), {}, {}};
    for_each_edge(graph, [&](const Edge& edge) {
      same.ends.insert(same.ends.end(), {edge.a, edge.b});
      same.weights.push_back(static_cast<double>(edge.weight));
    });
    std::mt19937_64 random(seed);
    Membership groups = move_groups(same, 1.0, random);
    const double settled = test::modularity_by_definition(graph, groups, 1.0);
    const std::int32_t count = *std::max_element(groups.begin(), groups.end()) + 1;
    for (std::int32_t& group : groups)
      for (std::int32_t to = 0; to < count; ++to) {
        const std::int32_t from = std::exchange(group, to);
        EXPECT_LE(test::modularity_by_definition(graph, groups, 1.0), settled + 1e-9);
        group = from;
      }
  }
}

TEST(DenseKernels, AddTheSameAsAPlainLoop) {
  std::mt19937 random(3);
  for (const std::size_t count : {1UL, 15UL, 16UL, 31UL, 33UL, 100UL, 1000UL, 70001UL}) {
    std::vector<Quantum> row(count);
    for (Quantum& q : row) q = static_cast<Quantum>(random() % 5 == 0 ? 65535 : random());
    for (const std::uint32_t threshold : {0U, 1U, 30000U, 65535U, 65536U})
      for (const bool unit : {false, true}) {
        const Kept kept{threshold, unit};
        std::vector<std::uint32_t> from(count, 100000), to(count, 7), expected_from = from,
                                                                      expected_to = to;
        std::uint64_t expected_sum = 0;
        for (std::size_t k = 0; k < count; ++k) {
          const std::uint32_t weight = row[k] < threshold ? 0U : unit ? 1U : row[k];
          expected_sum += weight;
          expected_from[k] -= weight;
          expected_to[k] += 3 * weight;
        }
        EXPECT_EQ(sum_row(row.data(), count, kept), expected_sum);
        move_row(row.data(), count, kept, from.data(), to.data());
        add_row(row.data(), count, kept, to.data());
        std::vector<std::uint32_t> once(count, 0);
        add_row(row.data(), count, kept, once.data());
        add_sums(once.data(), count, to.data());
        EXPECT_EQ(from, expected_from);
        EXPECT_EQ(to, expected_to);
      }
  }
}

}  // namespace
}  // namespace metamict
