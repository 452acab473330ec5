// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/xml.hpp"

#include <algorithm>
#include <cctype>

#include "formats/bytes/encoding.hpp"

namespace metamict {

namespace {

constexpr auto none = std::string_view::npos;

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// Where the start tag that begins at 0 ends; a ">" in quotes belongs to an attribute.
std::size_t tag_end(std::string_view text) {
  char quote = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '>') {
      return i;
    }
  }
  return none;
}

std::string_view local_name(std::string_view name) {
  return name.substr(name.find(':') == none ? 0 : name.find(':') + 1);
}

}  // namespace

std::optional<XmlElement> xml_element(std::string_view xml, std::string_view name) {
  for (auto at = xml.find('<'); at != none; at = xml.find('<', at + 1)) {
    if (xml.substr(at).starts_with("<!--")) {
      at = xml.find("-->", at);
      if (at == none) return std::nullopt;
      continue;
    }
    const std::string_view rest = xml.substr(at);
    const std::string_view whole = rest.substr(1, rest.find_first_of(" \t\r\n/>", 1) - 1);
    if (!same(local_name(whole), name)) continue;
    const auto end = tag_end(rest);
    if (end == none) return std::nullopt;
    if (rest[end - 1] == '/')
      return XmlElement{rest.substr(1 + whole.size(), end - 2 - whole.size()), {}};
    const std::string closing = "</" + std::string(whole);
    return XmlElement{
        rest.substr(1 + whole.size(), end - 1 - whole.size()),
        rest.substr(end + 1, std::min(rest.find(closing, end), rest.size()) - end - 1)};
  }
  return std::nullopt;
}

std::string xml_attribute(const XmlElement& element, std::string_view name) {
  const std::string_view text = element.attributes;
  for (auto at = text.find(name); at != none; at = text.find(name, at + 1)) {
    if (at == 0 || std::string_view(" \t\r\n").find(text[at - 1]) == none) continue;
    const auto equals = text.find_first_not_of(" \t\r\n", at + name.size());
    if (equals == none || text[equals] != '=') continue;
    const auto open = text.find_first_not_of(" \t\r\n", equals + 1);
    if (open == none || (text[open] != '"' && text[open] != '\'')) continue;
    const auto close = text.find(text[open], open + 1);
    return close == none ? std::string()
                         : without_entities(text.substr(open + 1, close - open - 1));
  }
  return {};
}

std::string xml_text(const std::optional<XmlElement>& element) {
  return element ? without_entities(trimmed(element->content.substr(0, element->content.find('<'))))
                 : std::string();
}

std::string xml_text(std::string_view xml, std::string_view name) {
  return xml_text(xml_element(xml, name));
}

}  // namespace metamict
