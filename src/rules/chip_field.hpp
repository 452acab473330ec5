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

/// Which chips of a part of the grid are in a set. Everything that is done with a region costs what
/// the region is large, not what the image is.
struct ChipPatch {
  cv::Rect box;  ///< in chips
  cv::Mat mask;  ///< CV_8U over the box

  bool is_empty() const { return cv::countNonZero(mask) == 0; }
};

/// A view of an image's chips by what they look like; grid, rows and order must outlive it. A part
/// is any set of chips.
class ChipField {
 public:
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
  bool knows_order() const { return !order_.empty(); }

  /// Calls use(a, b, dissimilarity) for each two chips that lie one chip apart, of which the upper
  /// or left one, a, is among some chips. They share no pixel: what they have in common is the
  /// material. Dissimilarity is 1 - cosine.
  template <typename Use>
  void for_pairs_from(const Nodes& chips, const Use& use) const {
    for (const std::uint32_t a : chips) {
      if (grid_.col(a) + lag_ < grid_.cols)
        use(a, a + static_cast<std::uint32_t>(lag_), to_the_right_[a]);
      if (grid_.row(a) + lag_ < grid_.rows)
        use(a, a + static_cast<std::uint32_t>(lag_ * grid_.cols), below_[a]);
    }
  }

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
  bool has_core(const Nodes& part) const { return !core_of(part).is_empty(); }

  /// The chips that are surrounded so.
  ChipPatch core_of(const Nodes& part) const;
  Nodes core_or_all(const Nodes& part) const;

  /// The core, and the innermost chips of every lattice-free piece that has no core but is no
  /// splinter. A small pocket that was taken for the cap keeps chips that speak for it.
  ChipPatch cores_of(const Nodes& part) const;

  /// The least rectangle of the grid that holds some chips, one chip at least.
  cv::Rect box_of(const Nodes& chips) const;

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

  /// Whether any two of a part's chips, evenly taken where there are many, are at least so unlike.
  bool any_unlike(const Nodes& part, double least) const;

 private:
  Nodes some_of(const Nodes& part) const;
  float dissimilarity(std::size_t a, std::size_t b) const;
  /// The part in its box, with half a chip's room around.
  ChipPatch patch_of(const Nodes& part) const;
  Nodes nodes_of(const ChipPatch& patch) const;

  const ChipGrid& grid_;
  const RowMatrixXf& rows_ND_;
  const std::vector<float>& order_;
  double range_;
  NestedOptions options_;
  double noise_;
  int half_chip_;
  int lag_;                                  // of chips that share no pixel
  std::vector<float> to_the_right_, below_;  // dissimilarity of such two, by the first
};

}  // namespace metamict
