// SPDX-License-Identifier: GPL-3.0-or-later
// JSON as microscopes write it, which is not always JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace metamict {

/// Parses text that may hold bytes of Latin-1, NaN and Infinity as numbers (they become null),
/// control characters in strings, and NULs or blanks behind its end. A value that is discarded()
/// where it is no JSON even so.
nlohmann::json parse_json(std::string_view text);

}  // namespace metamict
