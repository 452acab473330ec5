// SPDX-License-Identifier: GPL-3.0-or-later
// Builds one similarity graph over the chips of all images of a series.
#pragma once

#include <functional>
#include <vector>

#include "metamict/segment_options.hpp"
#include "metamict/series_input.hpp"

namespace metamict {

/// Finds communities in one graph over the chips of all images. Each image's label map is replaced
/// by that of the joint communities, so that one label is one community. `embeddings` gives the
/// chips of an image, N x D. A derived rule works in the plane of one image; the mean cut takes its
/// place, with a note. Throws ResourceError when the scores of all pairs would not fit, InputError
/// when the images' embeddings differ in length.
void segment_jointly(std::vector<SegmentedImage>& images,
                     const std::function<RowMatrixXf(const SegmentedImage&)>& embeddings,
                     const SegmentOptions& options, Notes& notes, const Progress& progress = {});

}  // namespace metamict
