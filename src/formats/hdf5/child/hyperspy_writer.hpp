// SPDX-License-Identifier: GPL-3.0-or-later
// A map as a HyperSpy file, made in memory: the program gives it its name, whole or not at all.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <vector>

namespace metamict::hdf5 {

/// The bytes of a .hspy file (layout 3.1) that holds one image. `about`: title, quantity, rows,
/// cols, dtype ("uint16" or "float32"), scale (of a pixel's edge), units ("nm" or "px"), notes
/// (goes into original_metadata). `pixels`: row by row, native byte order. No times are stored, so
/// the same map gives the same bytes. Throws std::runtime_error with HDF5's words.
std::vector<std::byte> hyperspy_file(const nlohmann::json& about,
                                     const std::vector<std::byte>& pixels);

}  // namespace metamict::hdf5
