// SPDX-License-Identifier: GPL-3.0-or-later
// Borders where order fades over many periods, so that no pixel beside them shows a line.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <span>

#include "labels/border.hpp"
#include "labels/border_options.hpp"
#include "lattice/lattice_search.hpp"

namespace metamict {

/// The border between a region with a lattice and one without, where order fades: there half of the
/// lattice's amplitude is left, so half of the thickness is amorphous. The full amplitude is
/// measured far from the border, where no fading reaches. It follows a drift of focus or thickness
/// along the border; a drift across it cannot be told from fading. Nothing where the lattice is
/// none of the image's, where much of it is found in the other region, too, or where it ends at
/// once. grey: CV_32F; labels: CV_16U of the same size; period_px: about the lattice's.
std::optional<Border> faded_border(const cv::Mat& grey, const cv::Mat& labels, int ordered, int disordered,
                                   std::span<const ReciprocalLattice> lattices, double period_px,
                                   const FadedBorderOptions& options = {});

}  // namespace metamict
