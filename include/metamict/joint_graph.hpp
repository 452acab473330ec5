// SPDX-License-Identifier: GPL-3.0-or-later
// One similarity graph over the chips of a whole series.
#pragma once

#include <functional>
#include <vector>

#include "metamict/segment_options.hpp"
#include "metamict/series_input.hpp"

namespace metamict {

/// One graph over the chips of all images: their label maps are replaced by those of the joint communities, so that one
/// label is one community. `embeddings` gives an image's chips, N x D. Derived rules look at one image's plane and
/// cannot be applied: the mean cut takes their place, with a note. Throws ResourceError when the scores of all pairs
/// would not fit.
void segment_jointly(std::vector<SegmentedImage>& images,
                     const std::function<RowMatrixXf(const SegmentedImage&)>& embeddings, const SegmentOptions& options,
                     Notes& notes, const Progress& progress = {});

}  // namespace metamict
