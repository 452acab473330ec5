// SPDX-License-Identifier: GPL-3.0-or-later
#include <ranges>

#include "app/batch/arrivals.hpp"
#include "app/batch/batch.hpp"
#include "app/verbs.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "report/overview.hpp"
#include "report/pages/html_parts.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

/// The newest map with its picture, and a row for each image. A folder's name leads to its page.
Html image_row(const std::string& name, const std::string& stem, const std::string& state,
               double latency_s, bool has_results) {
  const auto picture = [&](const char* file, const char* words) -> Html {
    if (!has_results) return "–";
    return element("a", {{"href", address_of(stem + "/report.html")}},
                   open_tag("img", {{"class", "thumb"},
                                    {"loading", "lazy"},
                                    {"alt", words + stem},
                                    {"src", address_of(stem + "/" + file)}}));
  };
  Html title = name;
  if (has_results) title = element("a", {{"href", address_of(stem + "/report.html")}}, name);
  return html::table_row({title, picture("thumbnail.png", "micrograph of "),
                          picture("thumbnail_map.png", "map of "), state,
                          latency_s > 0 ? fixed(latency_s, 2) : "–"});
}

/// The newest image that has results, large.
Html newest(const fs::path& output, const std::vector<StreamStatus>& images) {
  for (const StreamStatus& image : std::views::reverse(images)) {
    if (image.status == "failed") continue;
    OverviewImage seen;
    seen.stem = image.stem;
    seen.status = "done";
    seen = read_overview(output, std::move(seen));
    if (seen.rule.empty()) return {};
    Html regions;
    for (const OverviewRegion& region : seen.regions)
      regions += html::table_row({html::swatch("region", region.label),
                                  fixed(100 * region.share, 1) + " %", fixed(region.order, 2),
                                  region.area_nm2 ? fixed(*region.area_nm2, 1) : "–"});
    const Html map =
        open_tag("img", {{"alt", "map of " + image.stem},
                         {"src", address_of(image.stem + "/" + seen.rule + "/overlay.png")}});
    Html notes;
    for (const std::string& note : seen.notes) notes += element("li", note);
    return element("h2", "Newest: " + image.image.filename().string()) +
           "<div class=\"row\">\n"_html + html::figure(map, "regions by " + seen.rule) +
           element("div", html::table({"region", "area", "order", "area (nm²)"}, regions) +
                              element("ul", notes)) +
           "</div>\n"_html;
  }
  return {};
}

/// DIR/watch.html: what has been done so far, latest first. The browser reads it again every five
/// seconds.
std::string status_page(const WatchCommand& command, const std::vector<StreamStatus>& images,
                        const std::vector<std::string>& earlier, std::size_t waiting) {
  const std::string come = images.size() == 1 ? " image has come, " : " images have come, ";
  Html rows;
  for (const StreamStatus& image : std::views::reverse(images)) {
    const bool failed = image.status == "failed";
    const std::string state = failed                      ? image.reason
                              : image.status == "skipped" ? "done earlier"
                                                          : image.status;
    rows += image_row(image.image.filename().string(), image.stem, state, image.latency_s, !failed);
  }
  for (const std::string& stem : std::views::reverse(earlier))
    rows += image_row(stem, stem, "done earlier", 0, true);
  const Html body =
      "<header>"_html + element("h1", command.folder.string()) + "\n<p class=\"lead\">"_html +
      std::to_string(images.size()) + come + std::to_string(waiting) +
      " waiting.</p></header>\n"_html + newest(command.segment.output, images) +
      element("h2", "All images") +
      html::table({"image", "micrograph", "map", "state", "seconds from arrival"}, rows);
  return html::page("watch – metamict", body, {.refresh_s = 5, .pictures_beside = true});
}

}  // namespace

int run_watch(const WatchCommand& command, Console& console, Log& log) {
  Arrivals arrivals({command.folder, command.settle_s, command.poll, command.once,
                     command.recursive, command.segment.output});
  std::error_code ignored;
  if (fs::equivalent(command.folder, command.segment.output, ignored))
    throw UsageError(
        "--output is the folder that is watched: give another, or its results would be taken for "
        "images");
  log.info("watching " + command.folder.string() + " (" + std::to_string(arrivals.waiting()) +
           " files are there); SIGINT or SIGTERM stops");
  if (arrivals.passed_over() > 0)
    log.warning(std::to_string(arrivals.passed_over()) +
                " folders below it are passed over: --recursive watches them, too");
  return run_stream(
      command.segment, console, log,
      {[&] { return arrivals.next(); },
       [&](const std::vector<StreamStatus>& images, const std::vector<std::string>& earlier) {
         write_whole(command.segment.output / "watch.html",
                     status_page(command, images, earlier, arrivals.waiting()));
       }});
}

}  // namespace metamict::app
