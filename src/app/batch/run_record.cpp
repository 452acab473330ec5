// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/run_record.hpp"

#include <fstream>

#include "app/batch/results_folder.hpp"
#include "app/process/signals.hpp"
#include "base/system/machine.hpp"
#include "base/system/whole_file.hpp"
#include "base/text.hpp"

namespace metamict::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

std::string one_line_of(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

std::string line_of(const Job& job) {
  Json image{{"path", job.image.string()},
             {"stem", job.stem},
             {"status", job.status},
             {"reason", job.reason.empty() ? Json() : Json(job.reason)}};
  for (std::size_t i = 0; i < stage_names.size(); ++i)
    image["seconds"][stage_names[i]] = tidy(job.seconds[i]);
  image["peak_memory_bytes"] = job.peak_memory_bytes;
  if (job.latency_s) image["latency_s"] = tidy(*job.latency_s);
  image["outputs"] = Json::array();
  const auto list = [&](const std::vector<WrittenFile>& files) {
    for (const WrittenFile& file : files)
      image["outputs"].push_back({{"path", (fs::path(job.stem) / file.path).generic_string()},
                                  {"sha256", file.sha256},
                                  {"bytes", file.bytes}});
  };
  if (job.is_fine()) list(finished_files(job.folder));
  list(job.more);
  return one_line_of(image);
}

std::vector<RecordedImage> recorded_images(const fs::path& run_json) try {
  std::ifstream file(run_json);
  if (!file) return {};
  const Json record = Json::parse(file);
  std::vector<RecordedImage> images;
  for (const Json& image : record.at("images"))
    images.push_back({image.at("stem").get<std::string>(), one_line_of(image)});
  return images;
} catch (const Json::exception&) {
  return {};  // another program's file, or half of one: this run writes its own
}

void write_run_json(
    const fs::path& path, const Json& head,
    const std::function<void(const std::function<void(const std::string&)>&)>& for_each_line,
    const std::function<void(const std::string&)>& also) {
  std::string begin = head.dump(2, ' ', true, Json::error_handler_t::replace);
  begin.resize(begin.size() - 2);
  const auto render = [&](const std::function<void(const std::string&)>& put) {
    put(begin + ",\n  \"images\": [");
    const char* separator = "\n";
    for_each_line([&](const std::string& line) {
      put(separator + ("    " + line));
      separator = ",\n";
    });
    put("\n  ]\n}\n");
  };
  {
    const auto whole =
        hold_off_hurry();  // else its temporary file could come after all were cleared away
    WholeFile file(path);
    render([&](const std::string& text) { file.write(text); });
    file.finish();
    sync_folder(path.parent_path());
  }
  if (also) render(also);
}

Json record_head() { return {{"schema", 1}, {"versions", versions()}, {"machine", machine()}}; }

}  // namespace metamict::app
