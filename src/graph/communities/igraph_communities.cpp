// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/communities/igraph_communities.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>

#include "base/system/machine.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

constexpr std::uint64_t bytes_per_edge =
    125;  // igraph's peak, measured: edge list, indices and the copy that Louvain shrinks

/// Throws before igraph allocates, because the system would end the process and not refuse the
/// memory.
std::size_t affordable(std::uint64_t edges) {
  const std::uint64_t needed = edges * bytes_per_edge;
  if (needed > machine_memory_bytes())
    throw ResourceError("igraph needs about " + std::to_string(needed >> 20U) +
                        " MiB for a graph of " + std::to_string(edges) +
                        " edges: use --engine dense, a higher cut or a larger --stride");
  return edges;
}

Membership membership_of(IgraphIntegers& from) {
  Membership membership(from.size());
  for (std::size_t k = 0; k < membership.size(); ++k)
    membership[k] = static_cast<std::int32_t>(from[k]);
  return membership;
}

void copy_into(IgraphIntegers& to, const Membership& membership) {
  assert(to.size() == membership.size());
  for (std::size_t k = 0; k < membership.size(); ++k) to[k] = membership[k];
}

}  // namespace

template <typename Source>
IgraphCommunities::IgraphCommunities(std::size_t nodes, std::size_t edges, const Source& each_edge)
    : ends_(2 * edges), weights_(edges) {
  std::size_t used = 0;
  each_edge([&](std::uint32_t a, std::uint32_t b, double weight) {
    assert(std::isfinite(weight) && weight >= 0);
    if (weight == 0) return;
    ends_[2 * used] = a;
    ends_[2 * used + 1] = b;
    weights_[used++] = weight;
  });
  igraph_succeeded(igraph_vector_int_resize(ends_.get(), static_cast<igraph_integer_t>(2 * used)));
  igraph_succeeded(igraph_vector_resize(weights_.get(), static_cast<igraph_integer_t>(used)));
  graph_.emplace(nodes, ends_);
}

IgraphCommunities::IgraphCommunities(IgraphSession& /*session*/, const ChipGraph& graph)
    : IgraphCommunities(graph.nodes(), affordable(graph.edges), [&](const auto& add) {
        const bool unit = graph.weighting == EdgeWeight::unit;
        for (std::uint32_t a = 0; a < graph.nodes(); ++a) {
          const Quantum* row = graph.scores->row(a);
          for (std::uint32_t b = a + 1; b < graph.nodes(); ++b)
            if (row[b] >= graph.threshold) add(a, b, unit ? 1.0 : static_cast<double>(row[b]));
        }
      }) {}

IgraphCommunities::IgraphCommunities(IgraphSession& /*session*/, const WeightedGraph& graph)
    : IgraphCommunities(graph.nodes, graph.weights.size(), [&](const auto& add) {
        for (std::size_t e = 0; e < graph.weights.size(); ++e)
          add(graph.ends[2 * e], graph.ends[2 * e + 1], graph.weights[e]);
      }) {}

std::optional<Membership> IgraphCommunities::louvain(double resolution) {
  IgraphIntegers membership;
  if (!igraph_succeeded(igraph_community_multilevel(graph_->get(), weights_.get(), resolution,
                                                    membership.get(), nullptr, nullptr)))
    return {};
  return membership_of(membership);
}

std::optional<Membership> IgraphCommunities::leiden(double resolution, const Membership& start) {
  // Leiden's own objective is the constant Potts model. Strengths as node weights and resolution /
  // 2m make it modularity.
  IgraphVector strengths;
  igraph_succeeded(igraph_strength(graph_->get(), strengths.get(), igraph_vss_all(), IGRAPH_ALL,
                                   IGRAPH_LOOPS, weights_.get()));
  double total = 0;
  for (std::size_t k = 0; k < strengths.size(); ++k) total += strengths[k];
  IgraphIntegers membership(start.size());
  copy_into(membership, start);
  constexpr double randomness = 0.01;
  constexpr igraph_integer_t iterations = 20;
  igraph_integer_t count = 0;
  igraph_real_t quality = 0;
  if (!igraph_succeeded(igraph_community_leiden(graph_->get(), weights_.get(), strengths.get(),
                                                resolution / total, randomness, !start.empty(),
                                                iterations, membership.get(), &count, &quality)))
    return {};
  return membership_of(membership);
}

double IgraphCommunities::modularity(const Membership& membership, double resolution) {
  IgraphIntegers members(membership.size());
  copy_into(members, membership);
  igraph_real_t modularity = 0;
  igraph_succeeded(igraph_modularity(graph_->get(), members.get(), weights_.get(), resolution,
                                     IGRAPH_UNDIRECTED, &modularity));
  return modularity;
}

std::uint64_t seed_of_run(std::uint64_t seed, std::uint64_t run) {
  // splitmix64 (Steele, Lea and Flood 2014) over both numbers.
  std::uint64_t state = seed;
  for (const std::uint64_t part : {std::uint64_t{0}, run}) {
    state += part + 0x9E3779B97F4A7C15U;
    state = (state ^ (state >> 30U)) * 0xBF58476D1CE4E5B9U;
    state = (state ^ (state >> 27U)) * 0x94D049BB133111EBU;
    state ^= state >> 31U;
  }
  return state;
}

Membership igraph_join(const WeightedGraph& graph, const CommunityOptions& options,
                       std::uint64_t seed) {
  std::size_t passed = 0;
  const bool leiden = options.method == CommunityMethod::leiden;
  IgraphSession session([&] { return leiden || ++passed <= 1000; });
  IgraphCommunities communities(session, graph);
  session.seed(seed);
  auto membership =
      leiden ? communities.leiden(options.resolution) : communities.louvain(options.resolution);
  if (membership) return std::move(*membership);
  Membership alone(graph.nodes);
  std::iota(alone.begin(), alone.end(), 0);
  return alone;
}

std::vector<Partition> igraph_runs(const ChipGraph& graph, const CommunityOptions& options,
                                   const Progress& progress, Notes& notes, std::size_t passes) {
  const auto runs = static_cast<std::size_t>(options.runs);
  std::size_t run = 0, passed = 0;
  const bool leiden = options.method == CommunityMethod::leiden;
  const auto tell = [&] {
    if (progress) progress("communities", run, runs);
  };
  IgraphSession session([&] {
    // Louvain asks once a pass; Leiden far more often, but its iterations are limited as it is.
    if (!leiden || passed % 1024 == 0) tell();
    return ++passed <= passes || leiden;
  });
  IgraphCommunities communities(session, graph);
  std::vector<Partition> found;
  for (; run < runs; ++run) {
    tell();
    passed = 0;
    session.seed(seed_of_run(options.seed, run));
    auto membership =
        leiden ? communities.leiden(options.resolution) : communities.louvain(options.resolution);
    if (!membership) continue;
    const double modularity = communities.modularity(*membership, options.resolution);
    found.push_back({std::move(*membership), modularity});
  }
  tell();
  if (found.size() < runs)
    notes.push_back(std::to_string(runs - found.size()) + " of " + std::to_string(runs) +
                    " runs of igraph's Louvain did not settle within " + std::to_string(passes) +
                    " passes and were left out");
  return found;
}

}  // namespace metamict
