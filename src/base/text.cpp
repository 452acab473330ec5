// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace metamict {

namespace {

template <class Number>
std::string to_text(Number value) {
  char text[64];
  const auto result = std::to_chars(text, text + sizeof text, value);
  return {text, result.ptr};
}

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629:
/// no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF)
    return follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF) && follows(2) ? 3
                                                                                              : 0;
  if (first >= 0xF0 && first <= 0xF4)
    return follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF) && follows(2) &&
                   follows(3)
               ? 4
               : 0;
  return 0;
}

bool turns_text(std::string_view character) {  // U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069
  for (const char* one : {"\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D", "\u202E",
                          "\u2066", "\u2067", "\u2068", "\u2069"})
    if (character == one) return true;
  return false;
}

}  // namespace

std::string shortest(double value) { return to_text(value); }
std::string shortest(float value) { return to_text(value); }

std::string fixed(double value, int decimals) {
  char text[400];
  const auto result =
      std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals);
  return {text, result.ptr};
}

std::string significant(double value, int digits) {
  char text[64];
  const auto result =
      std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits);
  return {text, result.ptr};
}

std::string number(double value) { return significant(value, 6); }

std::string bytes_text(std::uint64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / (1 << 20);
  char text[32];
  if (bytes < 1 << 20)
    std::snprintf(text, sizeof text, "%llu bytes", static_cast<unsigned long long>(bytes));
  else if (mebibytes >= 1024)
    std::snprintf(text, sizeof text, "%.1f GiB", mebibytes / 1024);
  else
    std::snprintf(text, sizeof text, "%.0f MiB", mebibytes);
  return text;
}

std::string with_thousands(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

double tidy(float value) {
  const std::string text = shortest(value);
  double result = value;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

std::string clean_utf8(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = sequence_length(text.substr(i));
    const bool control =
        length == 1 && (static_cast<unsigned char>(text[i]) < 0x20 || text[i] == 0x7F);
    // U+0080 to U+009F are control characters too, and U+FFFE and U+FFFF are no characters: XML
    // takes none of them.
    const bool c1 =
        length == 2 && text[i] == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const bool none = length == 3 && text[i] == '\xEF' && text[i + 1] == '\xBF' &&
                      static_cast<unsigned char>(text[i + 2]) >= 0xBE;
    if (length == 0)
      clean += "\xEF\xBF\xBD";
    else if (!control && !c1 && !none)
      clean += text.substr(i, length);
    i += length == 0 ? 1 : length;
  }
  return clean;
}

std::string printable(std::string_view line) {
  std::string clean;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = sequence_length(line.substr(at));
    const std::string_view character = line.substr(at, std::max<std::size_t>(1, length));
    const auto first = static_cast<unsigned char>(character[0]);
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
    const bool plain = length > 1 || (length == 1 && first >= 0x20 && first != 0x7F);
    if (plain && !c1 && !turns_text(character))
      clean += character;
    else
      clean += '?';
    at += character.size();
  }
  return clean;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : clean_utf8(text)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string csv_cell(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  const bool is_number = read.ec == std::errc{} && read.ptr == end && std::isfinite(number);
  const bool formula = !is_number && !text.empty() &&
                       std::string_view("=+-@\t\r").find(text[0]) != std::string::npos;
  std::string cell = (formula ? "'" : "") + text;
  if (cell.find_first_of(",;\"\t\r\n") == std::string::npos)
    return cell;  // some countries' spreadsheets part at ;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string shell_quoted(const std::string& text) {
  const bool plain =
      !text.empty() &&
      text.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+=:,@%") ==
          std::string::npos &&
      text.front() != '-';
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string address_of(const std::string& path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string address;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') ||
                       std::string_view("-._/~").find(c) != std::string_view::npos;
    if (plain)
      address += c;
    else
      address += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return address;
}

std::string base64(std::string_view bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const char four[] = {digits[group >> 18], digits[group >> 12 & 63], digits[group >> 6 & 63],
                         digits[group & 63]};
    out.append(four, 4);
  }
  if (i < bytes.size()) {
    const bool two = i + 1 < bytes.size();
    const std::uint32_t group = byte(i) << 16 | (two ? byte(i + 1) << 8 : 0U);
    const char four[] = {digits[group >> 18], digits[group >> 12 & 63],
                         two ? digits[group >> 6 & 63] : '=', '='};
    out.append(four, 4);
  }
  return out;
}

std::string base64_of_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  return base64(bytes);
}

}  // namespace metamict
