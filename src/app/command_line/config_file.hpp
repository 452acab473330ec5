// SPDX-License-Identifier: GPL-3.0-or-later
// Reads and writes options in a file of flat TOML, one `key = value` a line, as run.toml has them.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace metamict::app {

/// Names and values of options in a fixed order, as they stand in run.toml.
using OptionTable = std::vector<std::pair<std::string, std::string>>;

/// Writes the table as TOML. read_config gives the same table back, whatever stands in the values.
std::string to_toml(const OptionTable& table);

/// Reads keys and values as text, in the file's order. Items of an array are joined by commas. It
/// takes TOML's strings, numbers, booleans, arrays and comments, and values without quotes up to
/// the end of a line. Throws UsageError with file and line for a section, a line that is no `key =
/// value`, a key that is there twice, and a string without end.
OptionTable read_config(const std::filesystem::path& path);

}  // namespace metamict::app
