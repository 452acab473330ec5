// SPDX-License-Identifier: GPL-3.0-or-later
// How much memory one image will take, known before it is begun.
#pragma once

#include <cstdint>

#include "metamict/pipeline.hpp"

namespace metamict {

/// Predicted peak of the whole process: program and encoder, pixels, embeddings, scores, communities, writing. Held to
/// +-15 % of what is measured by bench/memory.py. Scores that --spill puts on disk are left out: their pages can be
/// taken back.
std::uint64_t predict_memory(const ChipGrid& grid, int features, const SegmentOptions& options);

}  // namespace metamict
