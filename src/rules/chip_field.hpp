// SPDX-License-Identifier: GPL-3.0-or-later
// Chips in space: which of them lie on two sides of a border, and which parts of the image are one.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/embed.hpp"
#include "rules/nested_rule.hpp"

namespace metamict {

/// The chips in space: who lies a chip apart, who is surrounded by its own kind.
class ChipField {
 public:
  /// rows_ND: what the chips look like, one row of length 1 a chip. range: of the dissimilarities over the image.
  ChipField(const ChipGrid& grid, const RowMatrixXf& rows_ND, const std::vector<float>& order, double range,
            NestedOptions options);

  std::size_t smallest_part() const {
    const auto width = 2 * static_cast<std::size_t>(half_chip_) + 1;
    return width * width;
  }

  /// False where even the least alike chips are too alike for a border's jump.
  bool may_hold_a_border(const Nodes& nodes) const;

  /// Whether some chip is surrounded by the part's own to half a chip's width.
  bool has_core(const Nodes& nodes) const { return cv::countNonZero(core_of(nodes)) > 0; }

  /// Connected pieces, by edges or corners.
  std::vector<Nodes> pieces(const Nodes& nodes) const;

  /// Median order index of a part's core; of all its chips where it has none. 0 where no order is known.
  double order_of(const Nodes& part) const;

  /// The pieces of a part that do not touch, those together whose cores look alike in the mean (splinters with any). Of
  /// a patchy cap and a pocket in the film below, single chips may look alike.
  std::vector<Nodes> unlike_pieces(const Nodes& part) const;

  /// Gives pieces that lie apart from the rest of their region to the region around them where no clear jump parts the
  /// two: single chips may look more like something far away.
  std::vector<Nodes> without_stray_pieces(std::vector<Nodes> regions) const;

  /// Every chip to the most alike of the parts nearby.
  std::vector<Nodes> resolve(const Nodes& nodes, const std::vector<Nodes>& parts) const;

  /// Of the communities of some chips those that resolve, splinters and borders dissolved among them. Empty where
  /// none does.
  std::vector<Nodes> regions_among(const Nodes& nodes, const std::vector<std::int32_t>& label, int count) const;

  /// Leaves out borders: parts without a core that lie between two others and look like something between them (on the
  /// way from one direction to the other they turn by less than a right angle). A pocket has one neighbour.
  std::vector<Nodes> without_borders(const std::vector<Nodes>& parts) const;

  /// Joins the pair of parts that is least apart until all are clearly apart.
  std::vector<Nodes> join_alike(std::vector<Nodes> parts) const;

 private:
  class Joining;
  struct Pair {
    std::uint32_t a, b;
    float dissimilarity;
  };

  void add_pair(std::size_t a, std::size_t b);
  float dissimilarity(std::size_t a, std::size_t b) const;  // 1 - cosine
  cv::Mat mask_of(const Nodes& nodes) const;
  cv::Mat core_of(const Nodes& nodes) const;
  /// The core, and the innermost chips of every piece that has none of its own, splinters apart: a pocket that was
  /// taken for the cap is not to be lost for being small.
  cv::Mat cores_of(const Nodes& part) const;
  Nodes core_or_all(const Nodes& part) const;
  /// The parts with at least a fifth of this part's contacts.
  std::vector<std::size_t> neighbours_of(std::size_t k, const std::vector<Nodes>& parts) const;
  /// By the chips that lie one chip apart, one in each of two sets or both in one; infinite where hardly any does.
  double clarity_across(const Nodes& a, const Nodes& b) const;
  Nodes nodes_of(const cv::Mat& mask) const;
  Eigen::VectorXf direction_of(const Nodes& nodes) const;
  double clarity(double across, double inside_a, double inside_b) const;
  std::vector<float> sample(const Nodes& a, const Nodes& b) const;
  double clarity_at_a_distance(const Nodes& a, const Nodes& b) const;

  const ChipGrid& grid_;
  const RowMatrixXf& rows_ND_;
  const std::vector<float>& order_;
  double range_;
  NestedOptions options_;
  int half_chip_;
  std::vector<Pair> pairs_;
};

}  // namespace metamict
