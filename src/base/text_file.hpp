// SPDX-License-Identifier: GPL-3.0-or-later
// Reads a whole text file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace metamict {

/// Returns everything in a file, or nothing when it cannot be read to its end.
std::optional<std::string> text_of_file(const std::filesystem::path& path);

}  // namespace metamict
