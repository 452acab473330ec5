// SPDX-License-Identifier: GPL-3.0-or-later
// A spectrum image reduced to the few components that tell its places apart.
#pragma once

#include <cstdint>
#include <filesystem>

#include "metamict/element_maps.hpp"
#include "metamict/formats.hpp"

namespace metamict {

/// Reads a spectrum image and keeps its principal components with Poisson scaling (Keenan and
/// Kotula, Surf. Interface Anal. 36, 203, 2004): every count is divided by the root of what its
/// place and its channel let expect, so that counting makes the same noise everywhere. The mean
/// spectrum is taken out first.
///
/// What two neighbours share is no noise. So components are those of the products of neighbouring
/// blocks' spectra: counting alone makes as many eigenvalues below 0 as above, and a component
/// stands out where its eigenvalue is above what the lowest ones lie below 0. The first is kept for
/// the eye where none does.
///
/// The file is read twice; the spectra never are in memory as a whole. Sets all of the maps but
/// their field. Throws InputError.
ElementMaps read_spectrum_image(const std::filesystem::path& path, std::size_t dataset,
                                const DatasetInfo& info, std::uint64_t max_pixels, Notes& notes);

}  // namespace metamict
