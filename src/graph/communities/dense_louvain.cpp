// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/communities/dense_louvain.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <random>

#include "base/parallel.hpp"
#include "graph/communities/dense_groups.hpp"
#include "graph/communities/group_louvain.hpp"

namespace metamict {
namespace {

using Tell = std::function<void()>;

/// One worker's search, used for run after run.
class DenseSearch {
 public:
  DenseSearch(const DenseGraph& graph, const CommunityOptions& options, const DenseLimits& limits)
      : graph_(graph), options_(options), limits_(limits), groups_(graph, limits.kept_groups) {
    for (std::uint32_t node = 0; node < graph.nodes(); ++node)
      if (graph.strength(node) > 0) order_.push_back(node);
  }

  /// Returns the best of several attempts. They start by turns from nothing, and within the parts
  /// of the best so far.
  Partition run(std::uint64_t run, const Tell& tell) {
    random_.seed(seed_of_run(options_.seed, run));
    std::sort(order_.begin(), order_.end());  // whatever this worker did before
    const Membership everywhere(graph_.nodes(), 0);
    Membership best;
    WeightedGraph best_groups;
    double best_modularity = -2;
    for (std::size_t attempt = 0; attempt < limits_.attempts; ++attempt) {
      insert(attempt % 2 == 1 ? best : everywhere);
      settle(tell);
      WeightedGraph groups = groups_.aggregate();
      const double modularity = modularity_of_singles(groups, options_.resolution);
      if (modularity <= best_modularity) continue;
      best_modularity = modularity;
      best = groups_.membership();
      best_groups = std::move(groups);
    }
    return finished(std::move(best), best_groups);
  }

 private:
  struct Choice {
    std::size_t group;
    double gain;
  };

  /// Draws how many groups an attempt starts from. Few groups find coarse partitions and many find
  /// fine ones, so every attempt draws its own number.
  std::size_t draw_seeds() {
    const double share = static_cast<double>(random_() >> 11U) * 0x1p-53;
    const double seeds =
        0.5 * std::sqrt(static_cast<double>(graph_.nodes())) * std::pow(8.0, share);
    return std::min(static_cast<std::size_t>(seeds), limits_.seeds);
  }

  /// Inserts chips one by one in random order. The first chips start groups. Every other joins the
  /// group that gains most from it, among those grown in the same part. It starts one where none
  /// gains. This is Louvain's first pass, but with few groups.
  void insert(const Membership& part) {
    groups_.clear();
    const std::size_t seeds = draw_seeds();
    std::vector<std::int32_t> part_of_group;
    shuffle(order_, random_);
    for (const std::uint32_t node : order_) {
      Choice best{groups_.count(), 0};
      if (groups_.count() >= seeds) {
        const auto& weights = groups_.weights_of(node);
        const double expected = expected_share(node);
        for (std::size_t group = 0; group < groups_.count(); ++group) {
          const double gain = weights[group] - expected * groups_.strength(group);
          if (gain > best.gain && part_of_group[group] == part[node]) best = {group, gain};
        }
      }
      if (best.group == groups_.count()) {
        groups_.add_group();
        part_of_group.push_back(part[node]);
      }
      groups_.put(node, best.group);
    }
  }

  /// Moves chips, joins groups and splits those that have fallen apart, until nothing changes.
  void settle(const Tell& tell) {
    pass();
    bool changed = true;
    for (int round = 0; changed && round < 100; ++round) {
      tell();
      changed = join();
      while (pass()) {
        changed = true;
        tell();
      }
      changed |= split();
    }
  }

  /// Moves every chip once, in random order, to where it gains most. True when any moved.
  bool pass() {
    bool moved = false;
    shuffle(order_, random_);
    std::size_t empty = groups_.add_group();
    for (const std::uint32_t node : order_) {
      const auto from = static_cast<std::size_t>(groups_.membership()[node]);
      const std::size_t to = best_group(node, from, empty);
      if (to == from) continue;
      groups_.move(node, to);
      if (to == empty) empty = groups_.add_group();
      moved = true;
    }
    groups_.leave_out_empty();
    return moved;
  }

  std::size_t best_group(std::size_t node, std::size_t from, std::size_t empty) {
    const double strength = graph_.strength(node);
    const double expected = expected_share(node);
    const auto& weights = groups_.weights_of(node);
    // A move must gain more than rounding, or two chips could follow each other for ever.
    Choice best{from,
                weights[from] - expected * (groups_.strength(from) - strength) + 1e-12 * strength};
    if (best.gain < 0 && groups_.size(from) > 1) best = {empty, 0};
    for (std::size_t group = 0; group < groups_.count(); ++group) {
      const double gain = weights[group] - expected * groups_.strength(group);
      if (gain > best.gain && group != from) best = {group, gain};
    }
    return best.group;
  }

  /// This times a group's strength is the weight that chance alone would give between the chip and
  /// the group.
  double expected_share(std::size_t node) const {
    return options_.resolution * graph_.strength(node) / graph_.twice_total();
  }

  /// Joins whole groups where that gains, at the end by igraph. True when any joined.
  bool join() {
    const std::size_t before = groups_.count();
    groups_.merge(move_groups(groups_.aggregate(), options_.resolution, random_));
    groups_.merge(igraph_join(groups_.aggregate(), options_, random_()));
    return groups_.count() < before;
  }

  /// Makes a group of each piece of a group that has fallen apart. This never lowers the
  /// modularity. True when any was split.
  bool split() {
    const std::size_t before = groups_.count();
    for (auto& unreached : groups_.members())
      for (bool first = true; !unreached.empty(); first = false) {
        const std::vector<std::uint32_t> piece = take_piece(unreached);
        if (first) continue;
        const std::size_t group = groups_.add_group();
        for (const std::uint32_t node : piece) groups_.move(node, group);
      }
    return groups_.count() > before;
  }

  /// Takes the nodes that are connected with the last one out of `unreached`, and returns them.
  std::vector<std::uint32_t> take_piece(std::vector<std::uint32_t>& unreached) const {
    std::vector<std::uint32_t> piece{unreached.back()};
    unreached.pop_back();
    for (std::size_t next = 0; next < piece.size() && !unreached.empty(); ++next) {
      const Quantum* row = graph_.row(piece[next]);
      std::size_t left = 0;
      for (const std::uint32_t node : unreached)
        if (graph_.kept().weight(row[node]) > 0)
          piece.push_back(node);
        else
          unreached[left++] = node;
      unreached.resize(left);
    }
    return piece;
  }

  /// Chips without edges get communities of their own; igraph computes the modularity, which is the
  /// same for groups as for their chips.
  Partition finished(Membership community, const WeightedGraph& groups) const {
    auto next = static_cast<std::int32_t>(groups.nodes);
    for (std::int32_t& c : community)
      if (c < 0) c = next++;
    Membership itself(groups.nodes);
    std::iota(itself.begin(), itself.end(), 0);
    IgraphSession session;
    return {std::move(community),
            IgraphCommunities(session, groups).modularity(itself, options_.resolution)};
  }

  const DenseGraph& graph_;
  const CommunityOptions& options_;
  DenseLimits limits_;
  DenseGroups groups_;
  std::vector<std::uint32_t> order_;  // the chips that have edges
  std::mt19937_64 random_;
};

}  // namespace

DenseLimits DenseLimits::of(std::size_t nodes) {
  DenseLimits limits;
  limits.kept_groups = std::max((std::size_t{1} << 20U) / nodes, nodes / 20);
  limits.seeds = limits.kept_groups * 9 / 10;
  limits.attempts = std::clamp<std::size_t>(4000 / nodes + 1, 1, 16);
  return limits;
}

std::vector<Partition> dense_runs(const ChipGraph& graph, const CommunityOptions& options,
                                  int threads, const DenseLimits& limits,
                                  const Progress& progress) {
  const DenseGraph dense(graph, threads);
  const auto runs = static_cast<std::size_t>(options.runs);
  const auto workers = std::min(runs, static_cast<std::size_t>(threads));
  std::vector<DenseSearch> searches;
  for (std::size_t k = 0; k < workers; ++k) searches.emplace_back(dense, options, limits);
  std::vector<Partition> found(runs);
  std::mutex telling;
  std::size_t done = 0;
  const auto tell = [&](std::size_t newly_done) {
    const std::scoped_lock lock(telling);
    done += newly_done;
    if (progress) progress("communities", done, runs);
  };
  parallel_for(runs, static_cast<int>(workers), [&](std::size_t worker, std::size_t run) {
    found[run] = searches[worker].run(run, [&] { tell(0); });
    tell(1);
  });
  return found;
}

}  // namespace metamict
