// SPDX-License-Identifier: GPL-3.0-or-later
// Parses values as they are typed on a command line. Each function throws UsageError with the
// option and the value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metamict/element_maps.hpp"

namespace metamict::app {

double parse_number(const std::string& option, const std::string& text);
std::int64_t parse_whole(const std::string& option, const std::string& text, std::int64_t low,
                         std::int64_t high);

/// Parses a length: "0.0213nm", "21.3 pm", "0.2 A", "1.2e-5 um". A bare number is in nm. It must be
/// positive.
double parse_length_nm(const std::string& option, const std::string& text);

/// Parses "4px", "0.096nm" or another length; a bare number is in px. It may be negative or 0.
MapsLength parse_maps_length(const std::string& option, const std::string& text);

/// Parses a size: "8G", "8GB", "8GiB", "512M", or bytes. G, M and K are powers of 1024. It must be
/// positive.
std::uint64_t parse_bytes(const std::string& option, const std::string& text);

std::vector<std::string> split(const std::string& text, char separator);

/// Returns the index of `text` in `names`. The error's sentence lists the names.
std::size_t parse_choice(const std::string& option, const std::string& text,
                         const std::vector<std::string>& names);

}  // namespace metamict::app
