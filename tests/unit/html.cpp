// SPDX-License-Identifier: GPL-3.0-or-later
// Text on its way into a page is escaped, markup is kept, and neither happens twice.
#include "report/pages/html.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "report/pages/panels.hpp"

namespace metamict {
namespace {

const std::string evil = "<img src=x onerror=\"alert('1')\"> & co";
const std::string harmless = "&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt; &amp; co";

TEST(Html, AStringIsEscapedWhicheverWayItComesIn) {
  EXPECT_EQ(Html(evil).bytes(), harmless);
  EXPECT_EQ(Html(evil.c_str()).bytes(), harmless);
  EXPECT_EQ(Html(std::string_view(evil)).bytes(), harmless);
  EXPECT_EQ(("<p>"_html + evil + "</p>"_html).bytes(), "<p>" + harmless + "</p>");
  EXPECT_EQ((evil + "<br>"_html).bytes(), harmless + "<br>");
  Html text = "<b>"_html;
  text += evil;
  EXPECT_EQ(text.bytes(), "<b>" + harmless);
}

TEST(Html, MarkupIsKeptAndNothingIsEscapedTwice) {
  const Html inner = element("i", evil);
  EXPECT_EQ(inner.bytes(), "<i>" + harmless + "</i>");
  EXPECT_EQ(element("p", inner + "<br>"_html).bytes(), "<p><i>" + harmless + "</i><br></p>");
  EXPECT_EQ(Html::markup("<hr>").bytes(), "<hr>");
}

TEST(Html, AttributesAreEscapedAndKeepTheirOrder) {
  EXPECT_EQ(shape("rect", {{"y", "1"}, {"x", "2"}}).bytes(), "<rect y=\"1\" x=\"2\"/>");
  EXPECT_EQ(element("a", {{"href", evil}}, "b").bytes(), "<a href=\"" + harmless + "\">b</a>");
  EXPECT_EQ(open_tag("section", {{"title", evil}}).bytes(), "<section title=\"" + harmless + "\">");
}

// Whatever the bytes: no character of markup is left but the entities' own, and undone they are the
// text again.
TEST(Html, AnyTextStaysText) {
  std::mt19937 random(3);
  const std::string letters = "<>&\"'a;#x ";
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (int i = 0; i < 20; ++i) text += letters[random() % letters.size()];
    std::string undone = Html(text).bytes();
    EXPECT_EQ(undone.find_first_of("<>\"'"), std::string::npos) << text;
    for (const auto& [entity, character] :
         {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}})
      for (std::size_t at = undone.find(entity); at != std::string::npos;
           at = undone.find(entity, at + 1))
        undone.replace(at, std::string_view(entity).size(), character);
    EXPECT_EQ(undone, text);
  }
}

/// The value of an attribute, without the quotes.
std::string attribute(const std::string& markup, const std::string& name) {
  const std::size_t from = markup.find(name + "=\"") + name.size() + 2;
  return markup.substr(from, markup.find('"', from) - from);
}

// The script finds a chip's value by its place in the two lists of centres.
TEST(Panels, KeepOneValueForEachPlaceAndFewOfALargeImage) {
  for (const cv::Size size : {cv::Size(400, 300), cv::Size(20000, 7000)}) {
    const ChipGrid grid = lay_grid(size, size, 64, 16);
    const std::vector<float> order(grid.chips(), 0.5F);
    const std::string markup = html::open_maps(grid, order).bytes();
    const auto places = [&](const std::string& name) {
      const std::string list = attribute(markup, name);
      return static_cast<std::size_t>(std::count(list.begin(), list.end(), ',')) + 1;
    };
    const std::string bytes = attribute(markup, "data-order");
    const auto padding = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '='));
    EXPECT_EQ(bytes.size() / 4 * 3 - padding, places("data-across") * places("data-down"));
    EXPECT_LE(std::max(places("data-across"), places("data-down")), 300U);
  }
}

}  // namespace
}  // namespace metamict
