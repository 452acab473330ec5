// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "support/score_graphs.hpp"

namespace metamict {
namespace {

using test::cut_at;
using test::similarity_of;

std::vector<Edge> edges_of(const ChipGraph& graph) {
  std::vector<Edge> edges;
  for_each_edge(graph, [&](const Edge& edge) { edges.push_back(edge); });
  return edges;
}

/// Which component every node is in, by plain relabelling.
std::vector<std::uint32_t> components_by_relabelling(std::size_t nodes,
                                                     const std::vector<Edge>& edges) {
  std::vector<std::uint32_t> component(nodes);
  std::iota(component.begin(), component.end(), 0U);
  for (const Edge& edge : edges) {
    const std::uint32_t from = component[edge.a], to = component[edge.b];
    std::replace(component.begin(), component.end(), from, to);
  }
  return component;
}

TEST(Link, KeepsExactlyThePairsThatReachTheCut) {
  const Similarity similarity = similarity_of(
      4, [](std::size_t i, std::size_t j) { return static_cast<Quantum>(10000 * (i + j)); });
  const auto score = static_cast<double>(score_of(30000));
  EXPECT_EQ(link(similarity, cut_at(score)).edges, 4U);  // 03 12 13 23
  EXPECT_EQ(link(similarity, cut_at(score)).threshold, 30000U);
  EXPECT_EQ(link(similarity, cut_at(std::nextafter(score, 1.0))).edges, 2U);  // 13 23
  EXPECT_EQ(link(similarity, cut_at(std::nextafter(score, 0.0))).threshold, 30000U);
  const auto edges = edges_of(link(similarity, cut_at(score)));
  ASSERT_EQ(edges.size(), 4U);
  EXPECT_EQ(edges[0].a, 0U);
  EXPECT_EQ(edges[0].b, 3U);
  EXPECT_EQ(edges[0].weight, score_of(30000));
  for (const Edge& edge : edges_of(link(similarity, cut_at(score), EdgeWeight::unit)))
    EXPECT_EQ(edge.weight, 1.0F);
}

TEST(Link, CutZeroIsTheCompleteGraphEvenWhereScoresAreZero) {
  const Similarity similarity = similarity_of(
      5, [](std::size_t i, std::size_t) { return static_cast<Quantum>(i == 0 ? 0 : 65535); });
  const ChipGraph graph = link(similarity, cut_at(0));
  EXPECT_EQ(graph.edges, 10U);
  EXPECT_EQ(edges_of(graph).size(), 10U);
  EXPECT_EQ(graph.components, 1U);
  EXPECT_FALSE(graph.joined(2, 2));
  ASSERT_EQ(graph.notes.size(), 1U);
  EXPECT_THAT(graph.notes[0], testing::HasSubstr("complete"));
}

TEST(Link, SaysWhenNoPairIsKept) {
  const Similarity similarity =
      similarity_of(5, [](std::size_t, std::size_t) { return static_cast<Quantum>(100); });
  const ChipGraph graph = link(similarity, cut_at(0.5));
  EXPECT_EQ(graph.edges, 0U);
  EXPECT_EQ(graph.components, 5U);
  EXPECT_TRUE(edges_of(graph).empty());
  EXPECT_TRUE(backbone(graph).empty());
  ASSERT_EQ(graph.notes.size(), 1U);
  EXPECT_THAT(graph.notes[0], testing::HasSubstr("no edges"));
}

TEST(Link, CountsEdgesAndComponentsOfRandomGraphs) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const double density = seed % 4 == 0 ? 0.5 : 0.02 * static_cast<double>(seed % 4);
    const ChipGraph graph = test::random_graph(
        {20 + 3 * seed, static_cast<int>(seed % 5), density, EdgeWeight::score, seed});
    const auto edges = edges_of(graph);
    const auto component = components_by_relabelling(graph.nodes(), edges);
    EXPECT_EQ(graph.edges, edges.size());
    EXPECT_EQ(graph.components, std::set<std::uint32_t>(component.begin(), component.end()).size())
        << "seed " << seed;
  }
}

TEST(Backbone, IsASubsetWithTheSameComponentsAndAMaximumSpanningForest) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const double density = seed % 3 == 0 ? 0.4 : 0.05;
    const ChipGraph graph = test::random_graph(
        {30 + 2 * seed, static_cast<int>(seed % 5), density, EdgeWeight::score, seed});
    const auto bones = backbone(graph, 3);
    EXPECT_TRUE(std::is_sorted(bones.begin(), bones.end(), [](const Edge& x, const Edge& y) {
      return std::pair(x.a, x.b) < std::pair(y.a, y.b);
    }));
    for (const Edge& edge : bones) {
      EXPECT_LT(edge.a, edge.b);
      EXPECT_TRUE(graph.joined(edge.a, edge.b));
      EXPECT_EQ(edge.weight, graph.weight(graph.scores->row(edge.a)[edge.b]));
    }
    // Kruskal on the backbone weighs as much as on the graph, and joins as many nodes.
    const auto forest = [&](std::vector<Edge> edges) {
      std::stable_sort(edges.begin(), edges.end(),
                       [](const Edge& x, const Edge& y) { return x.weight > y.weight; });
      std::vector<std::uint32_t> component(graph.nodes());
      std::iota(component.begin(), component.end(), 0U);
      std::pair<std::size_t, double> joined{0, 0.0};
      for (const Edge& edge : edges) {
        const std::uint32_t from = component[edge.a], to = component[edge.b];
        if (from == to) continue;
        std::replace(component.begin(), component.end(), from, to);
        joined = {joined.first + 1, joined.second + static_cast<double>(edge.weight)};
      }
      return joined;
    };
    const auto of_bones = forest(bones), of_graph = forest(edges_of(graph));
    EXPECT_EQ(of_bones.first, of_graph.first) << "seed " << seed;
    EXPECT_NEAR(of_bones.second, of_graph.second, 1e-9) << "seed " << seed;
  }
}

TEST(Backbone, HoldsMutualNearestNeighbours) {
  // On a line of nodes the nearest two are those beside each node; the ends' second neighbours are
  // not mutual.
  const Similarity similarity = similarity_of(
      8, [](std::size_t i, std::size_t j) { return static_cast<Quantum>(60000 - 5000 * (j - i)); });
  const auto bones = backbone(link(similarity, cut_at(0)), 2);
  ASSERT_EQ(bones.size(), 7U);
  for (const Edge& edge : bones) EXPECT_EQ(edge.b, edge.a + 1);
}

}  // namespace
}  // namespace metamict
