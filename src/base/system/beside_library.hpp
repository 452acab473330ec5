// SPDX-License-Identifier: GPL-3.0-or-later
// Finds what is installed with the library, wherever that lies: plug-ins, the HDF5 program and
// models.
#pragma once

#include <filesystem>
#include <string>

namespace metamict {

/// The folder that holds libmetamict.
std::filesystem::path library_folder();

/// Returns the address of `symbol` in lib<name>.so beside libmetamict. The plug-in is never closed,
/// because LibTorch cannot be unloaded. Throws ModelError with the loader's own words.
void* plugin_symbol(const std::string& name, const char* symbol);

}  // namespace metamict
