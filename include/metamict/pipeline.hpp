// SPDX-License-Identifier: GPL-3.0-or-later
// The main job from one micrograph to its segmentation: start reading here.
#pragma once

#include <filesystem>

#include "metamict/encoder.hpp"
#include "metamict/result.hpp"
#include "metamict/segment_options.hpp"

namespace metamict {

/// Segments one loaded image: chips, embed, compare, then for each rule cut, link, communities and paint (the paper's
/// Methods). Throws InputError, UsageError, ModelError, ResourceError.
Result segment(Micrograph micrograph, Encoder& encoder, const SegmentOptions& options, const Progress& progress = {});

/// Loads and segments one image.
Result segment(const std::filesystem::path& image, Encoder& encoder, const SegmentOptions& options,
               const Progress& progress = {});

}  // namespace metamict
