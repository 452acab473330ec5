// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/communities.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "graph/communities/igraph_communities.hpp"
#include "graph/communities/stability.hpp"
#include "metamict/errors.hpp"
#include "support/score_graphs.hpp"

namespace metamict {
namespace {

using test::cut_at;
using test::similarity_of;

/// Groups of the given sizes, alike within (0.9), hardly alike across (0.2); nodes dealt out in
/// turn so that groups interleave.
Similarity groups_of(const std::vector<std::size_t>& sizes,
                     std::vector<std::int32_t>* truth = nullptr) {
  std::vector<std::int32_t> group;
  for (std::size_t round = 0;
       group.size() < std::accumulate(sizes.begin(), sizes.end(), std::size_t{0}); ++round)
    for (std::size_t g = 0; g < sizes.size(); ++g)
      if (round < sizes[g]) group.push_back(static_cast<std::int32_t>(g));
  if (truth != nullptr) *truth = group;
  return similarity_of(group.size(), [group](std::size_t i, std::size_t j) {
    return static_cast<Quantum>(group[i] == group[j] ? 59000 : 13000);
  });
}

CommunityOptions options_with(Engine engine, CommunityMethod method = CommunityMethod::louvain) {
  CommunityOptions options;
  options.engine = engine;
  options.method = method;
  return options;
}

class EveryEngine : public testing::TestWithParam<std::pair<Engine, CommunityMethod>> {
 protected:
  static CommunityOptions options() { return options_with(GetParam().first, GetParam().second); }
};

TEST_P(EveryEngine, FindsPlantedGroupsAndNumbersThemBySize) {
  std::vector<std::int32_t> truth;
  const Similarity similarity = groups_of({20, 9, 14}, &truth);
  for (const double cut : {0.0, 0.5}) {
    const Communities communities = find_communities(link(similarity, cut_at(cut)), options());
    ASSERT_EQ(communities.count, 3);
    const std::vector<std::int32_t> rank{0, 2, 1};
    for (std::size_t node = 0; node < truth.size(); ++node)
      EXPECT_EQ(communities.community[node], rank[static_cast<std::size_t>(truth[node])]);
    EXPECT_EQ(communities.stability, 1.0);
    EXPECT_THAT(communities.node_stability, testing::Each(1.0F));
    EXPECT_TRUE(communities.notes.empty());
    EXPECT_EQ(communities.engine, GetParam().first == Engine::igraph ? "igraph" : "dense");
  }
}

TEST_P(EveryEngine, ReportsTheModularityOfItsPartition) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const double density =
        seed % 4 == 0
            ? 1.0
            : 0.4;  // 1 = the complete graph, where unit weights count pairs of score 0 too
    const ChipGraph graph =
        test::random_graph({40, static_cast<int>(seed % 5), density,
                            seed % 2 == 0 ? EdgeWeight::unit : EdgeWeight::score, seed});
    CommunityOptions with = options();
    with.resolution = seed % 3 == 0 ? 1.3 : 1.0;
    const Communities communities = find_communities(graph, with);
    ASSERT_TRUE(communities.modularity);
    EXPECT_NEAR(*communities.modularity,
                test::modularity_by_definition(graph, communities.community, with.resolution),
                2e-7);
    std::vector<std::int32_t> renumbered = communities.community;
    EXPECT_EQ(number_canonically(renumbered), communities.count);
    EXPECT_EQ(renumbered, communities.community);
  }
}

TEST_P(EveryEngine, RepeatsItselfForTheSameSeed) {
  const ChipGraph graph = test::random_graph({120, 0, 0.1, EdgeWeight::score, 3});
  CommunityOptions with = options();
  with.seed = 11;
  const Communities first = find_communities(graph, with);
  find_communities(test::random_graph({50, 0, 0.1, EdgeWeight::score, 4}), with);
  const Communities again = find_communities(graph, with);
  EXPECT_EQ(first.community, again.community);
  EXPECT_EQ(first.node_stability, again.node_stability);
  with.seed = 12;
  EXPECT_NE(first.community,
            find_communities(graph, with).community);  // pure noise: another seed lands elsewhere
  EXPECT_LT(first.stability, 1.0);
}

TEST_P(EveryEngine, HigherResolutionGivesMoreCommunities) {
  const ChipGraph graph = test::random_graph({150, 2, 0.5, EdgeWeight::score, 9});
  CommunityOptions with = options();
  std::vector<int> counts;
  for (const double resolution : {0.3, 1.0, 2.0}) {
    with.resolution = resolution;
    counts.push_back(find_communities(graph, with).count);
  }
  EXPECT_LT(counts[0], counts[1]);
  EXPECT_LT(counts[1], counts[2]);
}

TEST_P(EveryEngine, LeavesANodeWithoutEdgesAlone) {
  const Similarity similarity = similarity_of(9, [](std::size_t i, std::size_t j) {
    return static_cast<Quantum>(i == 4 || j == 4 ? 5 : 50000);
  });
  const Communities communities = find_communities(link(similarity, cut_at(0.5)), options());
  EXPECT_EQ(communities.count, 2);
  EXPECT_EQ(communities.community[4], 1);
}

TEST_P(EveryEngine, AGraphWithoutEdgesGivesEveryNodeACommunityAndANote) {
  const Similarity similarity =
      similarity_of(6, [](std::size_t, std::size_t) { return static_cast<Quantum>(0); });
  for (const double cut : {0.0, 0.5}) {
    const Communities communities = find_communities(link(similarity, cut_at(cut)), options());
    EXPECT_EQ(communities.count, 6);
    EXPECT_FALSE(communities.modularity);
    ASSERT_EQ(communities.notes.size(), 1U);
  }
}

TEST_P(EveryEngine, TwoNodesWork) {
  const Similarity similarity =
      similarity_of(2, [](std::size_t, std::size_t) { return static_cast<Quantum>(65535); });
  EXPECT_EQ(find_communities(link(similarity, cut_at(0.5)), options()).count, 1);
}

TEST_P(EveryEngine, StopsWhenTheProgressCallbackThrows) {
  const ChipGraph graph = test::random_graph({60, 0, 0.5, EdgeWeight::score, 1});
  for (std::size_t after : {0U, 1U, 3U}) {
    std::size_t calls = 0;
    const auto stop = [&](std::string_view stage, std::size_t, std::size_t) {
      EXPECT_EQ(stage, "communities");
      if (calls++ == after) throw Interrupted("stopped");
    };
    EXPECT_THROW(find_communities(graph, options(), {}, stop), Interrupted);
  }
  EXPECT_NO_THROW(find_communities(graph, options()));  // nothing was left behind
}

INSTANTIATE_TEST_SUITE_P(AndMethod, EveryEngine,
                         testing::Values(std::pair{Engine::igraph, CommunityMethod::louvain},
                                         std::pair{Engine::igraph, CommunityMethod::leiden},
                                         std::pair{Engine::dense, CommunityMethod::louvain},
                                         std::pair{Engine::dense, CommunityMethod::leiden},
                                         std::pair{Engine::automatic, CommunityMethod::louvain}));

TEST(Guard, LeavesOutRunsThatDoNotSettle) {
  const ChipGraph graph = test::random_graph({60, 0, 0.5, EdgeWeight::score, 1});
  Notes notes;
  EXPECT_TRUE(igraph_runs(graph, options_with(Engine::igraph), {}, notes, 0).empty());
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(notes[0], testing::HasSubstr("5 of 5 runs"));
}

TEST(Igraph, ErrorsComeWithItsOwnWords) {
  IgraphSession session;
  IgraphIntegers ends(2);
  ends[1] = -7;  // no such node
  EXPECT_THAT([&] { IgraphGraph(3, ends); },
              testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr("vertex")));
}

TEST(Leiden, CommunitiesHangTogether) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const ChipGraph graph =
        test::random_graph({60, static_cast<int>(seed % 5), 0.06, EdgeWeight::score, seed});
    EXPECT_TRUE(test::communities_are_connected(
        graph,
        find_communities(graph, options_with(Engine::igraph, CommunityMethod::leiden)).community))
        << seed;
  }
}

TEST(CommunityOptions, RefusesNonsense) {
  const auto refuses = [](const auto& spoil) {
    CommunityOptions options;
    spoil(options);
    EXPECT_THROW(options.check(), UsageError);
  };
  refuses([](CommunityOptions& o) { o.resolution = 0; });
  refuses([](CommunityOptions& o) { o.resolution = std::nan(""); });
  refuses([](CommunityOptions& o) { o.runs = 0; });
  EXPECT_NO_THROW(CommunityOptions{}.check());
  EXPECT_THROW(Resources{.threads = 0}.check(), UsageError);
}

TEST(NumberCanonically, LargestFirstTiesToTheLowestNode) {
  std::vector<std::int32_t> community{7, 2, 2, 5, 5, 9, 9, 9};
  EXPECT_EQ(number_canonically(community), 4);
  EXPECT_EQ(community, (std::vector<std::int32_t>{3, 1, 1, 2, 2, 0, 0, 0}));
  std::vector<std::int32_t> none;
  EXPECT_EQ(number_canonically(none), 0);
}

TEST(Stability, IsTheShareOfRunsThatAgreeAfterMatching) {
  // The second run swaps the names (agrees fully); the third moves node 2 over to the other
  // community.
  const Stability stability = stability_of({{0, 0, 0, 1, 1}, {1, 1, 1, 0, 0}, {0, 0, 1, 1, 1}}, 0);
  EXPECT_EQ(stability.node, (std::vector<float>{1, 1, 2.0F / 3, 1, 1}));
  // Adjusted Rand index of the third by its definition: pairs together in both 1 + 1, in each 4;
  // expected 4 * 4 / 10.
  EXPECT_NEAR(stability.index, (1 + (2 - 1.6) / (4 - 1.6)) / 2, 1e-12);
  EXPECT_EQ(stability_of({{0, 0, 1}}, 0).index, 1.0);
}

TEST(CommunityScores, AreMeansOverPairs) {
  const Similarity similarity = similarity_of(4, [](std::size_t i, std::size_t j) {
    return static_cast<Quantum>(1000 * (1 + i) * (1 + j));
  });
  Communities communities;
  communities.community = {0, 1, 0, 2};
  communities.count = 3;
  const auto scores = community_scores(similarity, communities);
  const double q = 1000.0 / 65535;
  ASSERT_EQ(scores.size(), 9U);
  EXPECT_NEAR(scores[0], 3 * q, 1e-12);              // 0-2
  EXPECT_NEAR(scores[1], (2 + 6) / 2.0 * q, 1e-12);  // 0-1, 2-1
  EXPECT_NEAR(scores[3], scores[1], 1e-15);
  EXPECT_NEAR(scores[2], (4 + 12) / 2.0 * q, 1e-12);
  EXPECT_NEAR(scores[5], 8 * q, 1e-12);
  EXPECT_EQ(scores[4], 1.0);
}

}  // namespace
}  // namespace metamict
