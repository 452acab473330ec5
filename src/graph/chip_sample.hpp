// SPDX-License-Identifier: GPL-3.0-or-later
// Builds a graph over some of the chips where all would be too many, and lets the others join it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/mask.hpp"
#include "metamict/chips.hpp"
#include "metamict/communities.hpp"
#include "metamict/matrix.hpp"

namespace metamict {

/// Of a graph over a sample.
inline constexpr std::size_t sample_chips = 8192;
/// Above this many chips the graph is one over a sample. The scores of so many take 0.8 GB.
inline constexpr std::size_t exact_chips = 20000;

/// Takes at most `most` of some chips, evenly over the image: one at random from each cell of a
/// grid that has about as many cells with chips. Returns all where there are no more. The same seed
/// gives the same chips.
Nodes sample_of(const ChipGrid& grid, const Nodes& chips, std::size_t most, std::uint64_t seed);

/// Gives each chip of `all` that is not among `some` the community whose mean direction it is most
/// alike to. Communities of one chip take none in, unless all are such. `found` has an entry for
/// each chip of `some`, the answer one for each of `all`. Both lists rise. A chip that joins has
/// the mean stability of its community.
Communities spread(const Communities& found, const Nodes& some, const Nodes& all,
                   const RowMatrixXf& rows_ND, int threads);

}  // namespace metamict
