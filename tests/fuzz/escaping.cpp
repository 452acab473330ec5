// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a name: what reports, addresses and terminals get of it holds no markup, no control
// character, no quote left open, and says the same thing when it is read back.
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace {

void require(bool good) {
  if (!good) std::abort();
}

/// As a browser or an XML reader does it; any other use of & is a fault.
std::string read_back(std::string_view markup) {
  static constexpr std::pair<std::string_view, char> entities[] = {
      {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
  std::string text;
  while (!markup.empty()) {
    if (markup[0] != '&') {
      require(markup[0] != '<' && markup[0] != '>' && markup[0] != '"' && markup[0] != '\'');
      text += markup[0];
      markup.remove_prefix(1);
      continue;
    }
    bool known = false;
    for (const auto& [entity, character] : entities)
      if (!known && markup.starts_with(entity)) {
        text += character;
        markup.remove_prefix(entity.size());
        known = true;
      }
    require(known);
  }
  return text;
}

bool has_controls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return true;
  }
  return false;
}

/// What a shell makes of one word.
std::string unquoted(std::string_view word) {
  if (!word.starts_with('\'')) return std::string(word);
  std::string text;
  bool inside = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '\'')
      inside = !inside;
    else if (!inside && word[i] == '\\')
      text += word[++i];
    else
      require(inside), text += word[i];
  }
  require(!inside);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string clean = metamict::clean_utf8(text);
  require(!has_controls(clean) && metamict::clean_utf8(clean) == clean);
  require(read_back(metamict::escaped(text)) == clean);
  const std::string shown = metamict::printable(text);
  require(!has_controls(shown) && metamict::printable(shown) == shown);
  require(metamict::address_of(text).find_first_of("<>\"'&:?# ") == std::string::npos);
  require(metamict::base64(text).size() == (size + 2) / 3 * 4);
  if (text.find('\0') == std::string::npos) require(unquoted(metamict::shell_quoted(text)) == text);
  return 0;
}
