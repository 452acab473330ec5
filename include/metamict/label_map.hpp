// SPDX-License-Identifier: GPL-3.0-or-later
// A label map gives every pixel of the input image a label. It is the segmentation.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "metamict/chips.hpp"
#include "metamict/communities.hpp"

namespace metamict {

enum class Vote { tent, uniform };

/// Where the borders of a derived rule run: where the pixels change (pixels), or where the chips'
/// votes put them (votes). The maps of the paper's cuts are always drawn by votes.
enum class Borders { pixels, votes };

struct PaintOptions {
  Vote vote = Vote::tent;  ///< tent: a chip's vote falls linearly from its centre to its edge;
                           ///< uniform: equal votes
  Borders borders = Borders::pixels;
  int min_chips = 3;  ///< smaller communities stay unassigned in the map

  /// Throws UsageError.
  void check() const;
};

struct LabelMap {
  cv::Mat labels;  ///< CV_16UC1, rows x cols of the input; 0 = unassigned, 1..k by falling area
  std::vector<int> community_of_label;  ///< k + 1 entries; [0] = -1
  std::vector<int> label_of_community;  ///< 0 for communities without pixels or under min_chips
  std::vector<std::uint64_t> area_px;   ///< k + 1 entries
};

/// Gives each pixel the community with the largest vote among the chips over it. Ties go to the
/// larger community (method: section 7). Communities under min_chips do not vote, and pixels that
/// only they cover are 0. Throws InputError above 65,535 labels.
LabelMap paint(const ChipGrid& grid, const Communities& communities,
               const PaintOptions& options = {});

/// The label of a chip's community; 0 for a chip that is not looked at.
inline int label_of_chip(const LabelMap& map, const Communities& communities, std::size_t chip) {
  const std::int32_t community = communities.community[chip];
  return community < 0 ? 0 : map.label_of_community[static_cast<std::size_t>(community)];
}

/// Numbers the labels of a changed map by falling area again.
LabelMap renumbered(const LabelMap& map);

}  // namespace metamict
