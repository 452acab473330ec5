// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/html_parts.hpp"

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "report/pages/html_script.hpp"
#include "report/pages/html_style.hpp"
#include "report/pictures/colours.hpp"

namespace metamict::html {

namespace {

/// How a policy names a text that may stand in the page.
std::string source_of(std::string_view text) {
  Sha256 hash;
  hash.update({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
  return "'sha256-" + base64_of_hex(hash.hex()) + "'";
}

/// The policy is no user's text: its quotation marks stay as they are.
Html policy(const PageOptions& options) {
  std::string scripts;
  if (options.script) scripts += " " + source_of(script);
  if (options.sortable) scripts += " " + source_of(sort_script);
  return Html::markup("default-src 'none'; img-src data:" +
                      std::string(options.pictures_beside ? " 'self' file:" : "") + "; style-src " +
                      source_of(style) + (scripts.empty() ? "" : "; script-src" + scripts) +
                      "; base-uri 'none'; form-action 'none'");
}

Html head(std::string_view title, const PageOptions& options) {
  Html text = R"(<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content=")"_html;
  text += policy(options) + "\">\n"_html;
  if (options.refresh_s > 0) {
    const std::string seconds = std::to_string(options.refresh_s);
    text += open_tag("meta", {{"http-equiv", "refresh"}, {"content", seconds}}) + "\n"_html;
  }
  text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"_html;
  text += element("title", title) + "\n"_html;
  return text + element("style", Html::markup(std::string(style))) + "\n</head>\n"_html;
}

}  // namespace

std::string page(std::string_view title, const Html& body, const PageOptions& options) {
  Html text = "<!doctype html>\n<html lang=\"en\">\n"_html + head(title, options);
  text += "<body>\n<main>\n"_html + body + "</main>\n"_html;
  if (options.script) text += element("script", Html::markup(std::string(script))) + "\n"_html;
  if (options.sortable)
    text += element("script", Html::markup(std::string(sort_script))) + "\n"_html;
  return (text + "</body>\n</html>\n"_html).bytes();
}

Html figure(const Html& content, const Html& caption) {
  return element("figure", content + element("figcaption", caption)) + "\n"_html;
}

std::string data_address(std::string_view png) { return "data:image/png;base64," + base64(png); }

Html picture(std::string_view png, std::string_view alternative) {
  return open_tag("img", {{"alt", std::string(alternative)}, {"src", data_address(png)}});
}

Html fact(const Html& name, const Html& value) {
  return element("div", element("dt", name) + element("dd", value)) + "\n"_html;
}

Html small(const Html& words) { return element("small", words); }

Html table(const std::vector<Html>& head, const Html& rows) {
  Html titles;
  for (const Html& title : head) titles += element("th", title);
  const Html lines = element("thead", element("tr", titles)) + element("tbody", "\n"_html + rows);
  return element("div", {{"class", "scroll"}}, element("table", lines)) + "\n"_html;
}

Html table_row(const std::vector<Html>& cells) {
  Html row;
  for (const Html& cell : cells) row += element("td", cell);
  return element("tr", row) + "\n"_html;
}

Html notes(const Notes& sentences) {
  if (sentences.empty()) return {};
  Html list = "\n"_html;
  for (const std::string& sentence : sentences) list += element("li", sentence) + "\n"_html;
  const Html content = element("h2", "Notes") + element("ul", list);
  return element("section", {{"class", "notes"}}, content) + "\n"_html;
}

Html swatch(std::string_view kind, int label) {
  const Colour colour = region_colour(label);
  const std::string number = std::to_string(label);
  const Html plate = shape("rect", {{"width", "26"}, {"height", "18"}, {"fill", hex(colour)}}) +
                     element("text",
                             {{"x", "13"},
                              {"y", "13.5"},
                              {"font-size", "12"},
                              {"font-weight", "bold"},
                              {"text-anchor", "middle"},
                              {"fill", hex(ink_on(colour))}},
                             number);
  return element("svg",
                 {{"class", "swatch"},
                  {"viewBox", "0 0 26 18"},
                  {"role", "img"},
                  {"aria-label", std::string(kind) + " " + number}},
                 plate);
}

Html footer() {
  return "<footer>Made by metamict " METAMICT_VERSION
         ". Method: Ter-Petrosyan et al. (2023).</footer>\n"_html;
}

}  // namespace metamict::html
