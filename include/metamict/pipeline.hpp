// SPDX-License-Identifier: GPL-3.0-or-later
// Segments one micrograph. Start reading the library here.
#pragma once

#include <filesystem>

#include "metamict/encoder.hpp"
#include "metamict/result.hpp"
#include "metamict/segment_options.hpp"

namespace metamict {

/// Segments one loaded image as the paper's Methods do: lay chips, embed, compare, then for each
/// rule cut, link, find communities and paint. Throws InputError, UsageError, ModelError,
/// ResourceError.
Result segment(Micrograph micrograph, Encoder& encoder, const SegmentOptions& options,
               const Progress& progress = {});

/// Loads and segments one image.
Result segment(const std::filesystem::path& image, Encoder& encoder, const SegmentOptions& options,
               const Progress& progress = {});

}  // namespace metamict
