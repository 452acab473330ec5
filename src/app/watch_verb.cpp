// SPDX-License-Identifier: GPL-3.0-or-later
#include <ranges>

#include "app/batch/arrivals.hpp"
#include "app/batch/batch.hpp"
#include "app/verbs.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "report/pages/html_parts.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

Html image_row(const StreamStatus& image) {
  const bool failed = image.status == "failed";
  Html name = image.image.filename().string();
  if (!failed) name = element("a", {{"href", address_of(image.stem + "/report.html")}}, name);
  return html::table_row({name, failed ? image.reason : image.status,
                          image.latency_s > 0 ? fixed(image.latency_s, 2) : "–"});
}

/// DIR/watch.html: what has been done so far, latest first. The browser reads it again every five
/// seconds.
std::string status_page(const WatchCommand& command, const std::vector<StreamStatus>& images,
                        std::size_t waiting) {
  const std::string come = images.size() == 1 ? " image has come, " : " images have come, ";
  Html rows;
  for (const StreamStatus& image : std::views::reverse(images)) rows += image_row(image);
  const Html body = "<header>"_html + element("h1", command.folder.string()) +
                    "\n<p class=\"lead\">"_html + std::to_string(images.size()) + come +
                    std::to_string(waiting) + " waiting.</p></header>\n"_html +
                    html::table({"image", "state", "seconds from arrival"}, rows);
  return html::page("watch – metamict", body, {.refresh_s = 5});
}

}  // namespace

int run_watch(const WatchCommand& command, Console& console, Log& log) {
  Arrivals arrivals({command.folder, command.settle_s, command.poll, command.once});
  std::error_code ignored;
  if (fs::equivalent(command.folder, command.segment.output, ignored))
    throw UsageError(
        "--output is the folder that is watched: give another, or its results would be taken for "
        "images");
  log.info("watching " + command.folder.string() + " (" + std::to_string(arrivals.waiting()) +
           " files are there); SIGINT or SIGTERM stops");
  return run_stream(command.segment, console, log,
                    {[&] { return arrivals.next(); },
                     [&](const std::vector<StreamStatus>& images) {
                       write_whole(command.segment.output / "watch.html",
                                   status_page(command, images, arrivals.waiting()));
                     }});
}

}  // namespace metamict::app
