// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers and strings as files and sentences want them: shortest round trip, escaped, valid UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace metamict {

/// Up to six significant digits, no trailing zeros, never the locale's comma: 46.08, 16, 0.034. For sentences.
std::string number(double value);

/// 1.5 GiB, 320 MiB, 100 bytes. For sentences.
std::string bytes_text(std::uint64_t bytes);

/// The shortest decimal that reads back as the same number; never the locale's comma. Finite values only.
std::string shortest(double value);
std::string shortest(float value);

/// A fixed number of decimals, never the locale's comma.
std::string fixed(double value, int decimals);

/// At most this many significant digits, without trailing zeros.
std::string significant(double value, int digits);

/// 3721 -> "3,721".
std::string with_thousands(std::uint64_t value);

/// The float as the double whose shortest decimal is the float's own: 0.1F becomes 0.1, not 0.10000000149011612.
double tidy(float value);

/// Valid UTF-8 without control characters: a byte that is none becomes U+FFFD, control characters are dropped.
std::string clean_utf8(std::string_view text);

/// For a terminal: every control character (of C0 and C1, and those that turn the direction of text) and every byte
/// that is not UTF-8 becomes '?', so that a file's name can neither colour nor move nor forge what stands there.
std::string printable(std::string_view line);

/// clean_utf8 with & < > " ' replaced, for XML and HTML text and attributes.
std::string escaped(std::string_view text);

/// One cell of a CSV file (RFC 4180): quoted where it has to be. A cell that a spreadsheet would run as a formula gets
/// an apostrophe in front, which spreadsheets take for "this is text"; numbers stay as they are.
std::string csv_cell(const std::string& text);

/// As a shell takes it: in single quotes where it holds anything unusual.
std::string shell_quoted(const std::string& text);

/// A relative address: everything but letters, digits and -._/~ as %XX.
std::string address_of(const std::string& path);

std::string base64(std::string_view bytes);

/// The 32 bytes of a hex digest in base64, as Content-Security-Policy wants hashes.
std::string base64_of_hex(std::string_view hex);

}  // namespace metamict
