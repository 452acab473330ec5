// SPDX-License-Identifier: GPL-3.0-or-later
// The chips in space: which lie one chip apart, which are surrounded by their own kind, which parts
// touch.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/embed.hpp"
#include "rules/nested_options.hpp"

namespace metamict {

/// A view of an image's chips by what they look like; grid, rows and order must outlive it. A part
/// is any set of chips.
class ChipField {
 public:
  /// Two chips that lie one chip apart, so that they share no pixel: what they have in common is
  /// the material.
  struct Pair {
    std::uint32_t a, b;
    float dissimilarity;  ///< 1 - cosine
  };

  /// rows_ND: what the chips look like, one row of length 1 a chip. order: of each chip; empty
  /// where it is not known. range: of the dissimilarities over the image. noise: dissimilarity that
  /// two like chips are known to have.
  ChipField(const ChipGrid& grid, const RowMatrixXf& rows_ND, const std::vector<float>& order,
            double range, const NestedOptions& options, double noise = 0);

  const ChipGrid& grid() const { return grid_; }
  const RowMatrixXf& rows_ND() const { return rows_ND_; }
  const NestedOptions& options() const { return options_; }
  double range() const { return range_; }
  double noise() const { return noise_; }
  const std::vector<Pair>& pairs() const { return pairs_; }

  /// Half a chip's width, in strides.
  int half_chip() const { return half_chip_; }

  /// Chips of the smallest part that can hold a chip surrounded by its own kind.
  std::size_t smallest_part() const {
    const auto width = 2 * static_cast<std::size_t>(half_chip_) + 1;
    return width * width;
  }

  /// Whether a part is too small to be a region of its own.
  bool is_splinter(const Nodes& part) const;

  /// Whether some chip is surrounded by the part's own to half a chip's width.
  bool has_core(const Nodes& part) const { return cv::countNonZero(core_of(part)) > 0; }

  /// The chips that are surrounded so.
  cv::Mat core_of(const Nodes& part) const;
  Nodes core_or_all(const Nodes& part) const;

  /// The core, and the innermost chips of every lattice-free piece that has no core but is no
  /// splinter. A small pocket that was taken for the cap keeps chips that speak for it.
  cv::Mat cores_of(const Nodes& part) const;

  /// Connected pieces, by edges or corners.
  std::vector<Nodes> pieces(const Nodes& part) const;

  /// Median order index of a part's core; of all its chips where it has none. 0 where no order is
  /// known.
  double order_of(const Nodes& part) const;

  /// The mean of what some chips look like, of length 1.
  Eigen::VectorXf direction_of(const Nodes& part) const;
  Eigen::VectorXf direction_of_cores(const Nodes& part) const {
    return direction_of(nodes_of(cores_of(part)));
  }

  /// The parts that touch this part, by edges.
  std::vector<std::size_t> neighbours_of(std::size_t k, const std::vector<Nodes>& parts) const;

  /// Dissimilarities between the chips of two parts, evenly taken where there are many.
  std::vector<float> sample(const Nodes& a, const Nodes& b) const;

 private:
  void add_pair(std::size_t a, std::size_t b);
  Nodes nodes_of(const cv::Mat& mask) const;

  const ChipGrid& grid_;
  const RowMatrixXf& rows_ND_;
  const std::vector<float>& order_;
  double range_;
  NestedOptions options_;
  double noise_;
  int half_chip_;
  std::vector<Pair> pairs_;
};

}  // namespace metamict
