// SPDX-License-Identifier: GPL-3.0-or-later
// Packs a text into a gzip file's bytes and back.
#pragma once

#include <string>
#include <string_view>

namespace metamict {

/// The same text gives the same bytes: there is no time in them.
std::string gzipped(std::string_view text);

/// Throws InputError for bytes that are no gzip file, or above 1 GiB of text.
std::string gunzipped(std::string_view bytes);

}  // namespace metamict
