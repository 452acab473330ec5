// SPDX-License-Identifier: GPL-3.0-or-later
// Text that pages and their drawings are built from. It escapes by default, so that no name of
// a file can become markup.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace metamict {

/// A piece of HTML or SVG. A string that becomes one is escaped. Markup has to say that it is
/// markup: as a literal, "<p>"_html, or through Html::markup.
class Html {
 public:
  Html() = default;
  Html(std::string_view text);
  Html(const std::string& text) : Html(std::string_view(text)) {}
  Html(const char* text) : Html(std::string_view(text)) {}

  /// Markup that the program made itself. A user's words never go through here.
  static Html markup(std::string markup);

  const std::string& bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

  Html& operator+=(const Html& more);
  friend Html operator+(Html left, const Html& right) { return std::move(left += right); }

 private:
  std::string bytes_;
};

Html operator""_html(const char* markup, std::size_t size);

/// Names and values, in the order in which they are written. Values are escaped.
using Attributes = std::vector<std::pair<std::string_view, std::string>>;

/// <name>content</name>
Html element(std::string_view name, const Html& content);
/// <name attribute="value">content</name>
Html element(std::string_view name, const Attributes& attributes, const Html& content);
/// <name attribute="value"/>, as SVG writes an element without content.
Html shape(std::string_view name, const Attributes& attributes);
/// <name attribute="value">; its end is written by the caller.
Html open_tag(std::string_view name, const Attributes& attributes);

}  // namespace metamict
