// SPDX-License-Identifier: GPL-3.0-or-later
// Borders to the pixel: chips say what the regions are, the pixels beside a border say where it runs.
#pragma once

#include <opencv2/core.hpp>

#include "metamict/chips.hpp"
#include "metamict/micrograph.hpp"

namespace metamict {

struct SharpBorders {
  int moved = 0;  ///< pairs of touching regions whose border was drawn anew
  int left = 0;   ///< pairs whose pixels differ too little near the border: it stays where the votes put it
};

/// Draws the borders of a label map anew within a quarter of a chip (one period of the lattice at the usual chip).
/// labels: CV_16U, rows x cols of the input, 0 = unassigned and left alone; its regions stay the same, none is lost.
///
/// Why: a vote of chips four periods wide knows a border to about a fifth of a period, rounds its corners and eats
/// small regions. What distinguishes two regions is learnt from their own inner pixels, for each pair that touches: the
/// mean grey, and the amplitudes at the frequencies where their spectra differ most, under a Gaussian window narrower
/// than a period; Fisher's linear discriminant of these, its zero where it is half-way between the planes through both
/// sides nearby, so that drift and wedges do not count. The window widens until the two are told apart.
SharpBorders sharpen_borders(const Micrograph& canonical, const ChipGrid& grid, cv::Mat& labels, int threads);

}  // namespace metamict
