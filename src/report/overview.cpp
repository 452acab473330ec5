// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/overview.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "metamict/order.hpp"
#include "report/pages/html_parts.hpp"

namespace metamict {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::json;

std::optional<double> number_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return {};
  return found->get<double>();
}

OverviewRegion region_of(const Json& json, double pixels) {
  OverviewRegion region;
  region.label = json.at("label").get<int>();
  if (const auto name = json.find("name"); name != json.end() && name->is_string())
    region.name = name->get<std::string>();
  region.area_px = json.at("area_px").get<std::uint64_t>();
  region.area_nm2 = number_at(json, "area_nm2");
  region.confidence = number_at(json, "confidence");
  region.share = static_cast<double>(region.area_px) / pixels;
  region.order = number_at(json, "order").value_or(0);
  return region;
}

void read_report(const Json& report, OverviewImage& image) {
  image.file = fs::path(report.at("image").at("path").get<std::string>()).filename().string();
  image.rows = report.at("image").at("rows").get<int>();
  image.cols = report.at("image").at("cols").get<int>();
  image.rule = report.at("primary").get<std::string>();
  for (const Json& region : report.at("rules").at(image.rule).at("regions"))
    image.regions.push_back(region_of(region, static_cast<double>(image.rows) * image.cols));
  for (const Json& note : report.at("notes")) image.notes.push_back(note.get<std::string>());
}

Html picture_cell(const OverviewImage& image, const std::string& file, const std::string& words) {
  if (!image.has_pictures) return "–";
  const Html picture = open_tag("img", {{"class", "thumb"},
                                        {"loading", "lazy"},
                                        {"alt", words + " of " + image.stem},
                                        {"src", address_of(image.stem + "/" + file)}});
  if (!image.has_page) return picture;
  return element("a", {{"href", address_of(image.stem + "/report.html")}}, picture);
}

Html name_cell(const OverviewImage& image) {
  if (!image.has_page) return image.stem;
  return element("a", {{"href", address_of(image.stem + "/report.html")}}, image.stem);
}

/// "1 substrate 62 %, order 0.93".
Html regions_cell(const OverviewImage& image) {
  constexpr std::size_t shown = 6;
  Html text;
  for (std::size_t i = 0; i < std::min(shown, image.regions.size()); ++i) {
    const OverviewRegion& region = image.regions[i];
    std::string words = " ";
    if (!region.name.empty()) words += region.name + " ";
    words += fixed(100 * region.share, 1) + " % " +
             (is_ordered(region.order) ? "ordered" : "disordered");
    if (region.confidence) words += ", sure " + fixed(*region.confidence, 2);
    text += element("div", html::swatch("region", region.label) + words);
  }
  if (image.regions.size() > shown)
    text += element("div", "and " + std::to_string(image.regions.size() - shown) + " more");
  return text;
}

Html notes_cell(const OverviewImage& image) {
  if (image.status != "done") return image.reason;
  if (image.notes.empty()) return "";
  constexpr std::size_t longest = 400;
  std::string words;
  for (const std::string& note : image.notes) words += (words.empty() ? "" : " · ") + note;
  if (words.size() > longest) words.replace(longest, std::string::npos, " …");
  return html::small(clean_utf8(words));
}

Html row_of(const OverviewImage& image) {
  const std::string size =
      image.rows > 0 ? std::to_string(image.cols) + " × " + std::to_string(image.rows) : "–";
  const std::string regions = image.status == "done" ? std::to_string(image.regions.size()) : "–";
  return html::table_row({name_cell(image), picture_cell(image, "thumbnail.png", "micrograph"),
                          picture_cell(image, "thumbnail_map.png", "map"), image.status, size,
                          image.rule.empty() ? "–" : image.rule, regions, regions_cell(image),
                          notes_cell(image)});
}

}  // namespace

OverviewImage read_overview(const fs::path& folder, OverviewImage image) {
  const fs::path here = folder / image.stem;
  std::error_code ignored;
  image.has_pictures = fs::exists(here / "thumbnail.png", ignored);
  image.has_page = fs::exists(here / "report.html", ignored);
  std::ifstream file(here / "report.json");
  if (!file || image.status != "done") return image;
  try {
    read_report(Json::parse(file), image);
  } catch (const Json::exception& error) {
    image.status = "failed";
    image.reason = "report.json cannot be read: " + std::string(error.what());
  }
  return image;
}

std::string summary_head() {
  return "image,rule,region,name,area_px,area_nm2,share,order,confidence\r\n";
}

std::string summary_rows(const OverviewImage& image) {
  std::string text;
  for (const OverviewRegion& region : image.regions)
    text += csv_cell(image.stem) + "," + csv_cell(image.rule) + "," + std::to_string(region.label) +
            "," + csv_cell(region.name) + "," + std::to_string(region.area_px) + "," +
            (region.area_nm2 ? shortest(*region.area_nm2) : "") + "," + shortest(region.share) +
            "," + shortest(region.order) + "," +
            (region.confidence ? shortest(*region.confidence) : "") + "\r\n";
  return text;
}

std::string index_html(const std::vector<OverviewImage>& images) {
  std::size_t done = 0;
  Html rows;
  for (const OverviewImage& image : images) {
    done += image.status == "done";
    rows += row_of(image);
  }
  const std::string lead = std::to_string(done) + " of " + std::to_string(images.size()) +
                           (images.size() == 1 ? " image is done." : " images are done.") +
                           " A click on a column's title sorts by it.";
  const Html body = "<header>"_html + element("h1", "Results") +
                    element("p", {{"class", "lead"}}, lead) + "</header>\n"_html +
                    html::table({"image", "micrograph", "map", "state", "size (px)", "rule",
                                 "regions", "what they are", "notes"},
                                rows) +
                    html::footer();
  return html::page("Results – metamict", body, {.sortable = true, .pictures_beside = true});
}

}  // namespace metamict
