// SPDX-License-Identifier: GPL-3.0-or-later
// Opens the project's own plug-ins: found beside the library itself, wherever that is installed.
#pragma once

#include <string>

namespace metamict {

/// Address of `symbol` in lib<name>.so beside libmetamict; opened once and never closed (LibTorch cannot be unloaded).
/// Throws ModelError with the loader's own words.
void* plugin_symbol(const std::string& name, const char* symbol);

}  // namespace metamict
