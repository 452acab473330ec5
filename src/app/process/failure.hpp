// SPDX-License-Identifier: GPL-3.0-or-later
// Turns an error into what the caller of the program sees: a sentence and an exit code.
#pragma once

#include <exception>
#include <filesystem>
#include <string>

namespace metamict::app {

/// The error's sentence with the file's name in front, unless it names the file already.
std::string about(const std::filesystem::path& file, const std::exception& error);

/// Whether any library ran out of memory: std::bad_alloc, or OpenCV's own error for it.
bool is_out_of_memory(const std::exception& error);

/// The exit code that an error alone would give.
int exit_code_of(const std::exception& error);

}  // namespace metamict::app
