// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at an image again in ways that must not matter, and says which regions come again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "metamict/result.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// One more look: the group of each chip (-1 = none), and what was done to the image.
struct Look {
  std::vector<std::int32_t> group_of_chip;
  std::string kind;
};

/// A region comes again where a group of the look covers it with an intersection over union of at
/// least this, counted in chips.
inline constexpr double same_region_iou = 0.75;

/// Fills the confidence of each region, the agreement of each chip, and the notes of borders on
/// which looks disagree. A border is in doubt where more than a third of the looks have most of
/// both sides in one group.
void judge_by_looks(RuleResult& rule, const ChipGrid& grid, const std::vector<Look>& looks,
                    Looks& summary, Notes& notes);

/// How the encoder sees a changed micrograph: its label map by the same rule.
using SegmentAgain = std::function<cv::Mat(Micrograph micrograph, double chip_size_factor)>;

/// Looks with fresh passes of the encoder: thinned electrons, mirrored, chips a fifth smaller and
/// larger, turned half round; the five in turn. `again` returns the label map of a changed image.
std::vector<Look> fresh_looks(const Micrograph& micrograph, const ChipGrid& grid, int count,
                              std::uint64_t seed, const SegmentAgain& again);

/// The image with about half of its electrons: binomial thinning of the counts, with the gain
/// estimated from how the noise rises with the grey. Nothing is invented: no pixel gains electrons.
cv::Mat thinned(const cv::Mat& pixels, std::uint64_t seed);

/// Grey levels per electron, from the slope of the noise's variance against the mean grey. 0 where
/// the noise does not rise with the grey.
double estimate_gain(const cv::Mat& pixels);

}  // namespace metamict
