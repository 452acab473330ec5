// SPDX-License-Identifier: GPL-3.0-or-later
// What lies beside the library itself, wherever that is installed: plug-ins, the HDF5 child, models.
#pragma once

#include <filesystem>
#include <string>

namespace metamict {

/// The folder that holds libmetamict.
std::filesystem::path library_folder();

/// Address of `symbol` in lib<name>.so beside libmetamict; opened once and never closed (LibTorch cannot be unloaded).
/// Throws ModelError with the loader's own words.
void* plugin_symbol(const std::string& name, const char* symbol);

}  // namespace metamict
