// SPDX-License-Identifier: GPL-3.0-or-later
// Turns numbers and strings into what files and sentences want: shortest round trip, escaped, valid
// UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace metamict {

/// Writes up to six significant digits for a sentence, without trailing zeros or the locale's
/// comma: 46.08, 16, 0.034.
std::string number(double value);

/// Writes a size for a sentence: 1.5 GiB, 320 MiB, 100 bytes.
std::string bytes_text(std::uint64_t bytes);

/// The shortest decimal that reads back as the same number, never with the locale's comma. The
/// value must be finite.
std::string shortest(double value);
std::string shortest(float value);

/// Writes a fixed number of decimals, never with the locale's comma.
std::string fixed(double value, int decimals);

/// Writes at most `digits` significant digits, without trailing zeros.
std::string significant(double value, int digits);

/// 3721 -> "3,721".
std::string with_thousands(std::uint64_t value);

/// The float as the double whose shortest decimal is the float's own: 0.1F becomes 0.1, not
/// 0.10000000149011612.
double tidy(float value);

/// Makes valid UTF-8 without control characters. A byte that is no UTF-8 becomes U+FFFD; control
/// characters go.
std::string clean_utf8(std::string_view text);

/// Makes a line safe for a terminal, so that a file's name cannot colour, move or forge what stands
/// there. Every byte that is no UTF-8 becomes '?', and so do control characters (C0, C1, and those
/// that turn the direction of text).
std::string printable(std::string_view line);

/// Replaces & < > " ' after clean_utf8, for text and attributes of XML and HTML.
std::string escaped(std::string_view text);

/// Writes one cell of a CSV file (RFC 4180), quoted where it has to be. A cell that a spreadsheet
/// would run as a formula gets an apostrophe in front, which spreadsheets take for "this is text".
/// Numbers stay as they are.
std::string csv_cell(const std::string& text);

/// Quotes a word for a shell: in single quotes where it holds anything unusual.
std::string shell_quoted(const std::string& text);

/// Makes a relative address of a path. Everything but letters, digits and -._/~ becomes %XX.
std::string address_of(const std::string& path);

std::string base64(std::string_view bytes);

/// The 32 bytes of a hex digest in base64, as Content-Security-Policy wants hashes.
std::string base64_of_hex(std::string_view hex);

}  // namespace metamict
