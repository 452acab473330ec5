// SPDX-License-Identifier: GPL-3.0-or-later
// Label maps and element maps: what each label is made of, and borders that only composition shows.
#pragma once

#include <opencv2/core.hpp>
#include <utility>
#include <vector>

#include "metamict/element_maps.hpp"

namespace metamict {

/// The counts of each element in each label from 0 to count - 1. Where a pixel of the maps is the
/// larger one, it counts for each pixel of the image by the share that this is of it; else the
/// image's pixel that holds its middle takes it whole.
std::vector<CountedPart> counts_of_labels(const ElementMaps& maps, const cv::Mat& labels,
                                          std::size_t count);

/// Draws the borders between some pairs of labels anew, within `reach_px` of where they run: each
/// pixel goes to the side whose composition its surroundings are more likely of. These are as wide
/// as it takes for a difference of 30 in the logarithm of the likelihood, four standard deviations
/// of its noise, so that few counts make a smooth border and many a sharp one. A border that would
/// need more than `reach_px` stays where it is. labels: CV_16U.
///
/// Why: the chips' votes know a border to a fifth of a period, rounded by the chip. The maps know
/// it to a few of their pixels.
void draw_by_composition(const ElementMaps& maps, const std::vector<std::pair<int, int>>& pairs,
                         int reach_px, cv::Mat& labels);

}  // namespace metamict
