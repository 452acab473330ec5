// SPDX-License-Identifier: GPL-3.0-or-later

#include "app/batch/arrivals.hpp"
#include "app/batch/batch.hpp"
#include "app/verbs.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "report/pages/html_parts.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

/// Returns the text of DIR/watch.html: what has been done so far, latest first. Browsers reload it every five seconds.
std::string status_page(const WatchCommand& command, const std::vector<StreamStatus>& images, std::size_t waiting) {
  std::string body = "<header><h1>" + escaped(command.folder.string()) + "</h1>\n<p class=\"lead\">" +
                     std::to_string(images.size()) +
                     (images.size() == 1 ? " image has come, " : " images have come, ") + std::to_string(waiting) +
                     " waiting.</p></header>\n" +
                     "<div class=\"scroll\"><table><thead><tr><th>image</th><th>state</th><th>seconds from "
                     "arrival</th></tr></thead><tbody>\n";
  const std::vector<StreamStatus> latest_first(images.rbegin(), images.rend());
  for (const StreamStatus& image : latest_first) {
    const std::string name = escaped(image.image.filename().string());
    const bool fine = image.status != "failed";
    body += "<tr><td>" +
            (fine ? "<a href=\"" + escaped(address_of(image.stem + "/report.html")) + "\">" + name + "</a>" : name) +
            "</td><td>" + escaped(fine ? image.status : image.reason) + "</td><td>" +
            (image.latency_s > 0 ? fixed(image.latency_s, 2) : "–") + "</td></tr>\n";
  }
  return html::page("watch – metamict", body + "</tbody></table></div>\n", {.refresh_s = 5});
}

}  // namespace

int run_watch(const WatchCommand& command, Console& console, Log& log) {
  Arrivals arrivals({command.folder, command.settle_s, command.poll, command.once});
  std::error_code ignored;
  if (fs::equivalent(command.folder, command.segment.output, ignored))
    throw UsageError("--output is the folder that is watched: give another, or its results would be taken for images");
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
