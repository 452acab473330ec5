// SPDX-License-Identifier: GPL-3.0-or-later
// Borders to the pixel: chips say what the regions are, the pixels beside a border say where it
// runs.
#pragma once

#include <opencv2/core.hpp>
#include <utility>
#include <vector>

#include "labels/border_options.hpp"
#include "metamict/chips.hpp"
#include "metamict/micrograph.hpp"
#include "metamict/progress.hpp"

namespace metamict {

struct SharpBorders {
  int moved = 0;  ///< pairs of touching regions whose border was drawn anew
  int faded =
      0;  ///< of these, where half of a lattice's amplitude is left: order fades over many periods
  int left =
      0;  ///< pairs whose pixels differ too little near the border: it stays where the votes put it
  std::vector<std::pair<int, int>> unseen;  ///< of these, the pairs of one order whose border shows
                                            ///< in no pixel: they are one region
};

/// Draws the borders of a label map anew, twice, each time within a quarter of a chip (one period
/// of the lattice at the usual chip). The second time the regions it learns from are purer.
/// ordered: whether a region has a lattice, by label. labels: CV_16U, rows x cols of the input; 0 =
/// unassigned, which is left alone. The regions stay the same; none is lost, not even an unseen
/// one.
///
/// Why: a vote of chips four periods wide knows a border to about a fifth of a period, rounds its
/// corners and eats small regions. The pixels know more. For each two regions that touch, their own
/// inner pixels teach what tells them apart: the mean grey, and the amplitudes at the frequencies
/// where their spectra differ most, under a Gaussian window narrower than a period. Fisher's linear
/// discriminant weighs these. The border runs where the discriminant is half-way between the planes
/// through both sides nearby, so that drift and wedges do not count. The window widens until the
/// two are told apart.
///
/// Where a lattice fades over many periods (faded_border), the border is where half of its
/// amplitude is left, however far away that is.
SharpBorders sharpen_borders(const Micrograph& canonical, const ChipGrid& grid,
                             const std::vector<bool>& ordered, cv::Mat& labels, int threads,
                             const BorderOptions& options = {}, const Progress& progress = {});

}  // namespace metamict
