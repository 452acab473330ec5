// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/communities.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "graph/communities/dense_kernels.hpp"
#include "graph/communities/dense_louvain.hpp"
#include "graph/communities/igraph_communities.hpp"
#include "graph/communities/stability.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

Communities every_node_alone(const ChipGraph& graph) {
  Communities communities;
  communities.community.resize(graph.nodes());
  std::iota(communities.community.begin(), communities.community.end(), 0);
  communities.count = static_cast<int>(graph.nodes());
  communities.node_stability.assign(graph.nodes(), 1.0F);
  communities.engine = "igraph";
  communities.notes.push_back(
      "the graph has no edges of weight above 0, so every chip is a community of its own");
  return communities;
}

bool has_weight(const ChipGraph& graph) {
  if (graph.edges == 0) return false;
  if (graph.threshold > 0 || graph.weighting == EdgeWeight::unit) return true;
  for (std::size_t node = 0; node < graph.nodes(); ++node)
    if (std::any_of(graph.scores->row(node), graph.scores->row(node) + graph.nodes(),
                    [](Quantum q) { return q > 0; }))
      return true;
  return false;
}

/// Whether the dense engine is the better one. For Louvain it always is: faster, and with better
/// results. For Leiden it is not on small or sparse graphs. igraph's Leiden, which refines chip by
/// chip, is fast enough there and finds more.
bool dense_pays(const ChipGraph& graph, const CommunityOptions& options) {
  constexpr std::uint64_t few_edges = 100000;
  return options.method == CommunityMethod::louvain || graph.edges > few_edges;
}

}  // namespace

Communities find_communities(const ChipGraph& graph, const CommunityOptions& options,
                             const Resources& resources, const Progress& progress) {
  options.check();
  if (!has_weight(graph)) return every_node_alone(graph);
  Communities communities;
  const bool dense = options.engine == Engine::dense ||
                     (options.engine == Engine::automatic && dense_pays(graph, options));
  std::vector<Partition> runs = dense ? dense_runs(graph, options, resources.threads,
                                                   DenseLimits::of(graph.nodes()), progress)
                                      : igraph_runs(graph, options, progress, communities.notes);
  if (runs.empty())
    throw ResourceError(
        "no run of igraph's Louvain settled on this graph: use --engine dense or another --seed");
  communities.engine = dense ? "dense" : "igraph";
  std::vector<Membership> memberships;
  for (Partition& run : runs) {
    number_canonically(run.community);
    memberships.push_back(std::move(run.community));
  }
  const auto best =
      static_cast<std::size_t>(std::max_element(runs.begin(), runs.end(),
                                                [](const Partition& a, const Partition& b) {
                                                  return a.modularity < b.modularity;
                                                }) -
                               runs.begin());
  Stability stability = stability_of(memberships, best);
  communities.community = std::move(memberships[best]);
  communities.count =
      *std::max_element(communities.community.begin(), communities.community.end()) + 1;
  communities.modularity = runs[best].modularity;
  communities.node_stability = std::move(stability.node);
  communities.stability = stability.index;
  return communities;
}

int number_canonically(std::vector<std::int32_t>& community) {
  struct Group {
    std::size_t size = 0, first = 0;
    std::int32_t old = 0;
  };
  const auto span =
      community.empty()
          ? std::size_t{0}
          : static_cast<std::size_t>(*std::max_element(community.begin(), community.end()) + 1);
  std::vector<Group> groups(span);
  for (std::size_t node = community.size(); node-- > 0;) {
    if (community[node] < 0) continue;
    Group& group = groups[static_cast<std::size_t>(community[node])];
    group = {group.size + 1, node, community[node]};
  }
  std::erase_if(groups, [](const Group& group) { return group.size == 0; });
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.size != b.size ? a.size > b.size : a.first < b.first;
  });
  std::vector<std::int32_t> renamed(span, 0);
  for (std::size_t k = 0; k < groups.size(); ++k)
    renamed[static_cast<std::size_t>(groups[k].old)] = static_cast<std::int32_t>(k);
  for (std::int32_t& c : community)
    if (c >= 0) c = renamed[static_cast<std::size_t>(c)];
  return static_cast<int>(groups.size());
}

std::vector<double> community_scores(const Similarity& similarity, const Communities& communities) {
  const auto count = static_cast<std::size_t>(communities.count);
  const std::size_t nodes = similarity.nodes();
  std::vector<std::vector<std::size_t>> members(count);
  for (std::size_t node = 0; node < nodes; ++node)
    if (const std::int32_t community = communities.community[similarity.chip_of(node)];
        community >= 0)
      members[static_cast<std::size_t>(community)].push_back(node);
  std::vector<double> means(count * count, 0);
  constexpr std::size_t rows_that_fit = 65536;  // of quanta, in 32 bits
  std::vector<std::uint32_t> columns(nodes);
  for (std::size_t a = 0; a < count; ++a) {
    // Sums go by column first, because that runs over whole rows without looking up which community
    // a chip is in.
    for (std::size_t first = 0; first < members[a].size(); first += rows_that_fit) {
      std::fill(columns.begin(), columns.end(), 0U);
      for (std::size_t k = first; k < std::min(first + rows_that_fit, members[a].size()); ++k)
        add_row(similarity.scores->row(members[a][k]), nodes, {}, columns.data());
      for (std::size_t b = 0; b < count; ++b)
        for (const std::size_t node : members[b]) means[a * count + b] += columns[node];
    }
    for (std::size_t b = 0; b < count; ++b) {
      const double pairs = static_cast<double>(members[a].size()) *
                           static_cast<double>(members[b].size() - (a == b ? 1 : 0));
      means[a * count + b] = pairs == 0 ? 1.0 : means[a * count + b] / (65535.0 * pairs);
    }
  }
  return means;
}

}  // namespace metamict
