// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/communities/dense_groups.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>

#include "base/parallel.hpp"

namespace metamict {

DenseGraph::DenseGraph(const ChipGraph& graph, int threads)
    : scores_(graph.scores.get()),
      kept_{graph.threshold, graph.weighting == EdgeWeight::unit},
      strength_(graph.nodes()) {
  constexpr std::size_t rows_a_piece = 64;
  parallel_for(
      (nodes() + rows_a_piece - 1) / rows_a_piece, threads, [&](std::size_t, std::size_t piece) {
        for (std::size_t node = piece * rows_a_piece;
             node < std::min(nodes(), (piece + 1) * rows_a_piece); ++node)
          strength_[node] = static_cast<double>(sum_row(row(node), nodes(), kept_) - loop());
      });
  twice_total_ = std::accumulate(strength_.begin(), strength_.end(), 0.0);
}

DenseGroups::DenseGroups(const DenseGraph& graph, std::size_t kept_groups)
    : graph_(graph), kept_groups_(kept_groups) {
  // The kept sums are 32 bits wide.
  for (std::size_t node = 0; node < graph.nodes(); ++node)
    if (graph.strength(node) + graph.loop() > std::numeric_limits<std::uint32_t>::max())
      kept_groups_ = 0;
  clear();
}

void DenseGroups::clear() {
  group_.assign(graph_.nodes(), -1);
  strength_.clear();
  size_.clear();
  std::move(sums_.begin(), sums_.end(), std::back_inserter(spare_));
  sums_.clear();
  keeping_ = kept_groups_ > 0;
}

void DenseGroups::stop_keeping() {
  keeping_ = false;
  sums_.clear();
  spare_.clear();
}

std::vector<std::vector<std::uint32_t>> DenseGroups::members() const {
  std::vector<std::vector<std::uint32_t>> members(count());
  for (std::uint32_t node = 0; node < group_.size(); ++node)
    if (group_[node] >= 0) members[static_cast<std::size_t>(group_[node])].push_back(node);
  return members;
}

std::size_t DenseGroups::add_group() {
  strength_.push_back(0);
  size_.push_back(0);
  if (keeping_ && count() > kept_groups_) stop_keeping();
  if (keeping_) {
    if (spare_.empty()) spare_.emplace_back();
    sums_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    sums_.back().assign(graph_.nodes(), 0);
  }
  return count() - 1;
}

void DenseGroups::put(std::size_t node, std::size_t group) {
  group_[node] = static_cast<std::int32_t>(group);
  strength_[group] += graph_.strength(node);
  ++size_[group];
  if (!keeping_) return;
  add_row(graph_.row(node), graph_.nodes(), graph_.kept(), sums_[group].data());
  sums_[group][node] -= graph_.loop();
}

void DenseGroups::move(std::size_t node, std::size_t group) {
  const auto from = static_cast<std::size_t>(group_[node]);
  group_[node] = static_cast<std::int32_t>(group);
  strength_[from] -= graph_.strength(node);
  strength_[group] += graph_.strength(node);
  --size_[from];
  ++size_[group];
  if (!keeping_) return;
  move_row(graph_.row(node), graph_.nodes(), graph_.kept(), sums_[from].data(),
           sums_[group].data());
  sums_[from][node] += graph_.loop();
  sums_[group][node] -= graph_.loop();
}

void DenseGroups::merge(const Membership& into) {
  for (std::int32_t& group : group_)
    if (group >= 0) group = into[static_cast<std::size_t>(group)];
  const auto count =
      into.empty() ? std::size_t{0}
                   : static_cast<std::size_t>(*std::max_element(into.begin(), into.end())) + 1;
  std::vector<double> strength(count, 0);
  std::vector<std::size_t> size(count, 0);
  std::vector<std::vector<std::uint32_t>> sums(keeping_ ? count : 0);
  for (std::size_t group = 0; group < into.size(); ++group) {
    const auto to = static_cast<std::size_t>(into[group]);
    strength[to] += strength_[group];
    size[to] += size_[group];
    if (!keeping_) continue;
    if (sums[to].empty()) {
      sums[to] = std::move(sums_[group]);
      continue;
    }
    if (size_[group] > 0) add_sums(sums_[group].data(), graph_.nodes(), sums[to].data());
    spare_.push_back(std::move(sums_[group]));
  }
  strength_ = std::move(strength);
  size_ = std::move(size);
  sums_ = std::move(sums);
}

void DenseGroups::leave_out_empty() {
  if (std::find(size_.begin(), size_.end(), 0U) == size_.end()) return;
  Membership into(count());
  std::int32_t used = 0;
  for (std::size_t group = 0; group < count(); ++group)
    into[group] = size_[group] > 0 ? used++ : std::max(used - 1, 0);
  merge(into);
}

const std::vector<double>& DenseGroups::weights_of(std::size_t node) {
  weights_.resize(count());
  if (!keeping_)
    read_weights(node);
  else
    for (std::size_t group = 0; group < count(); ++group) weights_[group] = sums_[group][node];
  return weights_;
}

void DenseGroups::read_weights(std::size_t node) {
  std::fill(weights_.begin(), weights_.end(), 0.0);
  const Quantum* row = graph_.row(node);
  const Kept kept = graph_.kept();
  for (std::size_t other = 0; other < graph_.nodes(); ++other)
    if (row[other] >= kept.threshold && other != node && group_[other] >= 0)
      weights_[static_cast<std::size_t>(group_[other])] += kept.weight(row[other]);
}

WeightedGraph DenseGroups::aggregate() {
  const auto groups = members();
  WeightedGraph small{count(), {}, {}};
  std::vector<double> sums(count());
  for (std::uint32_t a = 0; a < count(); ++a) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (const std::uint32_t node : groups[a]) {
      const std::vector<double>& weights = weights_of(node);
      for (std::size_t b = a; b < count(); ++b) sums[b] += weights[b];
    }
    sums[a] /= 2;  // every edge within was met from both its ends
    for (std::uint32_t b = a; b < count(); ++b) {
      if (sums[b] == 0) continue;
      small.ends.insert(small.ends.end(), {a, b});
      small.weights.push_back(sums[b]);
    }
  }
  return small;
}

}  // namespace metamict
