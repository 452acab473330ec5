// SPDX-License-Identifier: GPL-3.0-or-later
// Borders that cannot be seen beside themselves, because order fades over many periods.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <span>

#include "labels/border.hpp"
#include "lattice/lattice_search.hpp"

namespace metamict {

/// The border between a region with a lattice and one without, where half of the lattice's
/// amplitude is left: half of the thickness is amorphous there. What is full is measured far from
/// the border (its upper fifth, lest a wide fading count), and follows a drift of focus or
/// thickness along it; one across it cannot be told from fading. Nothing where none of the image's
/// lattices is in the one, more than a third of its amplitude in the other, or where it ends at
/// once. grey: CV_32F; labels: CV_16U of the same size; period_px: about the lattice's.
std::optional<Border> faded_border(const cv::Mat& grey, const cv::Mat& labels, int ordered,
                                   int disordered, std::span<const ReciprocalLattice> lattices,
                                   double period_px);

}  // namespace metamict
