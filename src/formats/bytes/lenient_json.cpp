// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/lenient_json.hpp"

#include <nlohmann/json.hpp>
#include <string>

#include "formats/bytes/encoding.hpp"

namespace metamict {

namespace {

constexpr std::string_view no_numbers[] = {"-Infinity", "Infinity", "-inf", "inf",      "-nan",
                                           "NaN",       "nan",      "NAN",  "undefined"};

// The word at the start of `text` that stands where JSON wants a number.
std::string_view no_number_at(std::string_view text) {
  for (const auto word : no_numbers)
    if (text.starts_with(word)) return word;
  return {};
}

std::string repaired(std::string_view text) {
  std::string result;
  bool inside = false;
  while (!text.empty()) {
    const char c = text.front();
    std::size_t used = 1;
    if (inside && c == '\\' && text.size() > 1) {
      used = 2;
      result += text.substr(0, 2);
    } else if (const auto word = inside ? std::string_view() : no_number_at(text); !word.empty()) {
      used = word.size();
      result += "null";
    } else {
      if (c == '"') inside = !inside;
      result += inside && static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    text.remove_prefix(used);
  }
  return result;
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  const std::string whole = trimmed(text.substr(0, text.find('\0')));
  nlohmann::json value = nlohmann::json::parse(whole, nullptr, false);
  if (!value.is_discarded()) return value;
  return nlohmann::json::parse(repaired(as_utf8(whole)), nullptr, false);
}

}  // namespace metamict
