// SPDX-License-Identifier: GPL-3.0-or-later
// Options in a file: flat TOML, one `key = value` a line, as run.toml has them.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace metamict::app {

/// Names and values of options in a fixed order, as they stand in run.toml.
using OptionTable = std::vector<std::pair<std::string, std::string>>;

/// The table as TOML: what read_config gives back, whatever stands in the values.
std::string to_toml(const OptionTable& table);

/// Keys and values as text, in the file's order; the items of an array joined by commas. Takes TOML's strings, numbers,
/// booleans, arrays and comments, and a value without quotes up to the end of its line. Throws UsageError with file and
/// line: a section, a line that is no `key = value`, a key that stands there twice, a string without its end.
OptionTable read_config(const std::filesystem::path& path);

}  // namespace metamict::app
