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

/// How many of an image's rules, and of the parts that `nested` looks into, may be worked on at the same time: with
/// many chips each holds much memory, and is large enough to keep all threads at work by itself.
int at_once(std::size_t chips, int threads);

}  // namespace metamict
