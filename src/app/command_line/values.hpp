// SPDX-License-Identifier: GPL-3.0-or-later
// Values as typed on a command line. Each throws UsageError naming the option and the value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace metamict::app {

double parse_number(const std::string& option, const std::string& text);
std::int64_t parse_whole(const std::string& option, const std::string& text, std::int64_t low, std::int64_t high);

/// "0.0213nm", "21.3 pm", "0.2 A", "1.2e-5 um"; a bare number is in nm. Positive.
double parse_length_nm(const std::string& option, const std::string& text);

/// "8G", "8GB", "8GiB", "512M", or bytes. Positive; G, M, K are powers of 1024.
std::uint64_t parse_bytes(const std::string& option, const std::string& text);

std::vector<std::string> split(const std::string& text, char separator);

/// Index of `text` in `names`; the sentence of the error lists them.
std::size_t parse_choice(const std::string& option, const std::string& text, const std::vector<std::string>& names);

}  // namespace metamict::app
