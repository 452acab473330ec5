// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps chips in groups, and the weight that ties every chip to every group.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/communities/dense_kernels.hpp"
#include "graph/communities/igraph_communities.hpp"

namespace metamict {

/// The chip graph with whole numbers as weights: a view of the score matrix and the threshold.
class DenseGraph {
 public:
  explicit DenseGraph(const ChipGraph& graph, int threads = 1);

  std::size_t nodes() const { return strength_.size(); }
  double strength(std::size_t node) const { return strength_[node]; }  ///< a whole number
  double twice_total() const { return twice_total_; }                  ///< the sum of all strengths
  const Quantum* row(std::size_t node) const { return scores_->row(node); }
  Kept kept() const { return kept_; }
  std::uint32_t loop() const {
    return kept_.weight(0);
  }  ///< what a row's own entry, a 0, wrongly weighs

 private:
  const ScoreMatrix* scores_;
  Kept kept_;
  std::vector<double> strength_;
  double twice_total_ = 0;
};

/// A partition under construction, in which a chip may be in no group. While there are at most
/// `kept_groups` groups, it keeps the weight of every chip to every group: looking at a chip reads
/// a few numbers, and only moving a chip reads its row. With more groups every look reads the row.
/// Both give the same whole numbers.
class DenseGroups {
 public:
  DenseGroups(const DenseGraph& graph, std::size_t kept_groups);

  void clear();                                            ///< takes all chips out of all groups
  std::size_t count() const { return strength_.size(); }   ///< empty groups included
  const Membership& membership() const { return group_; }  ///< -1 = in no group
  double strength(std::size_t group) const { return strength_[group]; }
  std::size_t size(std::size_t group) const { return size_[group]; }
  std::vector<std::vector<std::uint32_t>> members() const;

  std::size_t add_group();
  void put(std::size_t node, std::size_t group);   ///< puts a chip that is in no group into one
  void move(std::size_t node, std::size_t group);  ///< moves a chip that is in another group
  /// Makes group g part of group into[g]. `into` is numbered from 0 without gaps.
  void merge(const Membership& into);
  void leave_out_empty();

  /// The chip's weight to every group. It is valid until the next call.
  const std::vector<double>& weights_of(std::size_t node);
  /// The graph whose nodes are the groups, with the weights between and within them.
  WeightedGraph aggregate();

 private:
  void stop_keeping();
  void read_weights(std::size_t node);

  const DenseGraph& graph_;
  std::size_t kept_groups_;
  bool keeping_ = true;
  Membership group_;
  std::vector<double> strength_;
  std::vector<std::size_t> size_;
  std::vector<std::vector<std::uint32_t>> sums_;   // of each group, the weight to every chip
  std::vector<std::vector<std::uint32_t>> spare_;  // rows to use again
  std::vector<double> weights_;
};

}  // namespace metamict
