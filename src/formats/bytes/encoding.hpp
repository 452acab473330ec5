// SPDX-License-Identifier: GPL-3.0-or-later
// Text as files hold it: padded, in one of several encodings, with characters written as entities.
#pragma once

#include <string>
#include <string_view>

namespace metamict {

std::string trimmed(std::string_view text);  ///< without blanks and NULs at its ends
bool is_utf8(std::string_view text);
std::string latin1_to_utf8(std::string_view text);
std::string as_utf8(
    std::string_view text);  ///< as it is, or taken as Latin-1 where it is not UTF-8

/// The character in UTF-8; empty for what is no character.
std::string utf8_of(unsigned long code_point);

/// With "&#181;", "&#xB5;", "&amp;" and the other entities of XML and HTML that units use replaced
/// by their characters.
std::string without_entities(std::string_view text);

}  // namespace metamict
