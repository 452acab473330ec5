// SPDX-License-Identifier: GPL-3.0-or-later
// Embeddings of images so large that all features of all chips would not fit.
#pragma once

#include "metamict/embed.hpp"

namespace metamict {

/// Kept of each embedding, in bytes at most; 2,048 features take 8,192.
inline constexpr int kept_bytes_a_chip = 512;
inline constexpr int kept_directions = kept_bytes_a_chip / static_cast<int>(sizeof(float));

/// Chips whose whole features are held at once: 1 GiB of 2,048 features each.
inline constexpr std::size_t chips_a_band = 131072;

/// As `embed`, but of each row only its shares in `kept_directions` principal directions are kept.
/// Images of more chips than a band are embedded band by band. Their directions come from 100
/// small windows spread over the image, those of other images from a sample of their chips.
Embeddings embed_reduced(const Micrograph& canonical, const ChipGrid& grid, Encoder& encoder,
                         Normalise normalise, int threads, const Progress& progress,
                         std::size_t most_in_band = chips_a_band);

}  // namespace metamict
