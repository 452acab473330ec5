// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line/config_file.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text_file.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace {

std::string utf8(char32_t code) {
  const auto tail = [code](unsigned shift) {
    return static_cast<char>(0x80 | (code >> shift & 0x3F));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

class Reader {
 public:
  Reader(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  OptionTable table() {
    OptionTable table;
    while (true) {
      skip_to_content();
      if (at_ == text_.size()) return table;
      if (text_[at_] == '[') fail("sections are not known here: give flat keys");
      std::string name = key();
      if (std::any_of(table.begin(), table.end(),
                      [&](const auto& entry) { return entry.first == name; }))
        fail("'" + name + "' stands there twice");
      skip_blanks();
      if (name.empty() || !take('='))
        fail("'" + name + "' has no value: give flat keys, key = value");
      skip_blanks();
      table.emplace_back(std::move(name), take('[') ? array() : value(false));
      skip_blanks();
      if (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '#')
        fail("something follows the value of " + table.back().first);
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    const auto line =
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    throw UsageError(where_ + ", line " + std::to_string(line) + ": " + what);
  }
  bool take(char c) {
    const bool there = at_ < text_.size() && text_[at_] == c;
    if (there) ++at_;
    return there;
  }
  void skip(std::string_view any_of) {
    at_ = std::min(text_.find_first_not_of(any_of, at_), text_.size());
  }
  void skip_blanks() { skip(" \t\r"); }
  void skip_to_content() {
    for (skip(" \t\r\n"); at_ < text_.size() && text_[at_] == '#'; skip(" \t\r\n"))
      to_end_of_line();
  }
  void to_end_of_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  std::string key() {
    const std::size_t first = at_;
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n=#").find(text_[at_]) == std::string_view::npos)
      ++at_;
    return std::string(text_.substr(first, at_ - first));
  }

  std::string value(bool in_array) {
    if (take('"')) return basic_string();
    if (take('\'')) {
      const std::size_t end = text_.find_first_of("'\n", at_);
      if (end == std::string_view::npos || text_[end] == '\n') fail("a string has no end");
      return std::string(text_.substr(std::exchange(at_, end + 1), end - at_));
    }
    const std::size_t end =
        std::min(text_.find_first_of(in_array ? ",]#\n" : "#\n", at_), text_.size());
    std::string bare(text_.substr(std::exchange(at_, end), end - at_));
    bare.erase(bare.find_last_not_of(" \t\r") + 1);
    if (bare.empty()) fail("a value is missing");
    return bare;
  }

  std::string array() {
    std::string joined;
    for (bool first = true;; first = false) {
      skip_to_content();
      if (take(']')) return joined;
      joined += (first ? "" : ",") + value(true);
      skip_to_content();
      if (take(']')) return joined;
      if (!take(',')) fail("a list has no end");
    }
  }

  std::string basic_string() {
    std::string string;
    while (at_ < text_.size() && text_[at_] != '\n') {
      const char c = text_[at_++];
      if (c == '"') return string;
      if (c == '\\')
        string += escaped_character();
      else
        string += c;
    }
    fail("a string has no end");
  }

  std::string escaped_character() {
    constexpr std::string_view letters = "btnfr\"\\", meanings = "\b\t\n\f\r\"\\";
    const char letter = at_ < text_.size() ? text_[at_++] : '\0';
    if (const std::size_t known = letters.find(letter); known != std::string_view::npos)
      return {meanings[known]};
    const std::size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    std::uint32_t code = 0;
    const char* const first = text_.data() + at_;
    const char* const last = first + std::min(digits, text_.size() - at_);
    const auto read = std::from_chars(first, last, code, 16);
    const bool character = code < 0xD800 || (code >= 0xE000 && code < 0x110000);
    if (digits == 0 || read.ec != std::errc{} || read.ptr != first + digits || !character)
      fail(
          "a string holds a \\ that TOML does not know: write \\\\ for one, or put the string into "
          "single quotes");
    at_ += digits;
    return utf8(code);
  }

  std::string_view text_;
  std::string where_;
  std::size_t at_ = 0;
};

std::string quoted(const std::string& value) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F)
      text += {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
    else if (c == '"' || c == '\\')
      text += {'\\', c};
    else
      text += c;
  }
  return text + "\"";
}

}  // namespace

std::string to_toml(const OptionTable& table) {
  std::string text;
  for (const auto& [name, value] : table)
    text += name + " = " + (value == "true" || value == "false" ? value : quoted(value)) + "\n";
  return text;
}

OptionTable read_config(const std::filesystem::path& path) {
  const std::optional<std::string> text = text_of_file(path);
  if (!text)
    throw UsageError("config file " + path.string() +
                     " cannot be read: give the path of an existing file");
  return Reader(*text, path.string()).table();
}

}  // namespace metamict::app
