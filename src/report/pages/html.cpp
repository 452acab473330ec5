// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/html.hpp"

#include "base/text.hpp"

namespace metamict {

namespace {

Html start_of_tag(std::string_view name, const Attributes& attributes) {
  std::string tag = "<" + std::string(name);
  for (const auto& [attribute, value] : attributes)
    tag.append(" ").append(attribute).append("=\"").append(escaped(value)).append("\"");
  return Html::markup(std::move(tag));
}

}  // namespace

Html::Html(std::string_view text) : bytes_(escaped(text)) {}

Html Html::markup(std::string markup) {
  Html html;
  html.bytes_ = std::move(markup);
  return html;
}

Html& Html::operator+=(const Html& more) {
  bytes_ += more.bytes_;
  return *this;
}

Html operator""_html(const char* markup, std::size_t size) {
  return Html::markup(std::string(markup, size));
}

Html open_tag(std::string_view name, const Attributes& attributes) {
  return start_of_tag(name, attributes) + ">"_html;
}

Html shape(std::string_view name, const Attributes& attributes) {
  return start_of_tag(name, attributes) + "/>"_html;
}

Html element(std::string_view name, const Html& content) { return element(name, {}, content); }

Html element(std::string_view name, const Attributes& attributes, const Html& content) {
  return open_tag(name, attributes) + content + Html::markup("</" + std::string(name) + ">");
}

}  // namespace metamict
