// SPDX-License-Identifier: GPL-3.0-or-later
// What an error means to the caller of the program: a sentence and an exit code.
#pragma once

#include <exception>
#include <filesystem>
#include <string>

namespace metamict::app {

/// The error with the file's name in front, unless the sentence names it already.
std::string about(const std::filesystem::path& file, const std::exception& error);

/// Of any library: std::bad_alloc and OpenCV's way of saying it.
bool is_out_of_memory(const std::exception& error);

/// The exit code that an error alone would give.
int exit_code_of(const std::exception& error);

}  // namespace metamict::app
