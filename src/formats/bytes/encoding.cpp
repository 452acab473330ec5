// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/encoding.hpp"

#include <charconv>
#include <utility>

namespace metamict {

namespace {

constexpr std::pair<std::string_view, unsigned long> entities[] = {
    {"amp", '&'},    {"lt", '<'},      {"gt", '>'},       {"quot", '"'},   {"apos", '\''},
    {"nbsp", 0xA0},  {"micro", 0xB5},  {"mu", 0x3BC},     {"Aring", 0xC5}, {"aring", 0xE5},
    {"angst", 0xC5}, {"deg", 0xB0},    {"minus", 0x2212}, {"sup1", 0xB9},  {"sup2", 0xB2},
    {"ouml", 0xF6},  {"middot", 0xB7}, {"times", 0xD7}};

// The character that "&name;" stands for; empty when it is none that is known.
std::string character_of(std::string_view name) {
  if (!name.starts_with('#')) {
    for (const auto& [known, code] : entities)
      if (known == name) return utf8_of(code);
    return {};
  }
  name.remove_prefix(1);
  const bool hexadecimal = name.starts_with('x') || name.starts_with('X');
  if (hexadecimal) name.remove_prefix(1);
  unsigned long code = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), code, hexadecimal ? 16 : 10);
  return error == std::errc{} && end == name.data() + name.size() ? utf8_of(code) : std::string();
}

}  // namespace

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
  };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::string utf8_of(unsigned long code) {
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return {};
  const auto more = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), more(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), more(6), more(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), more(12), more(6), more(0)};
}

std::string latin1_to_utf8(std::string_view text) {
  std::string result;
  for (const char c : text)
    result += c == '\0' ? std::string(1, c) : utf8_of(static_cast<unsigned char>(c));
  return result;
}

std::string as_utf8(std::string_view text) {
  return is_utf8(text) ? std::string(text) : latin1_to_utf8(text);
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t more = byte < 0x80                   ? 0
                             : byte >= 0xC2 && byte < 0xE0 ? 1
                             : byte >= 0xE0 && byte < 0xF0 ? 2
                             : byte >= 0xF0 && byte < 0xF5 ? 3
                                                           : 4;
    if (more == 4 || i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

std::string without_entities(std::string_view text) {
  constexpr std::size_t longest = 10;
  std::string result;
  while (!text.empty()) {
    const auto end =
        text.front() == '&' ? text.substr(0, longest).find(';') : std::string_view::npos;
    const std::string character =
        end == std::string_view::npos ? "" : character_of(text.substr(1, end - 1));
    result += character.empty() ? std::string(1, text.front()) : character;
    text.remove_prefix(character.empty() ? 1 : end + 1);
  }
  return result;
}

}  // namespace metamict
