// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>
#include <map>
#include <set>

#include "app/batch/batch_entry.hpp"
#include "app/batch/output_lock.hpp"
#include "app/batch/overview_files.hpp"
#include "app/batch/results_folder.hpp"
#include "app/batch/run_record.hpp"
#include "app/verbs.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

/// What the shards' records say of one image.
struct Gathered {
  std::string path, line, status, reason;
};

bool is_record_of_shard(const std::string& name) {
  if (!name.starts_with("run.") || !name.ends_with(".json")) return false;
  const std::string number = name.substr(4, name.size() - 9);
  return name.size() > 9 && number.find_first_not_of("0123456789") == std::string::npos;
}

/// Every file that DONE.json lists is there, with its size. Their hashes are left to --resume:
/// reading them all again would take as long as reading the results.
bool is_whole(const fs::path& folder) {
  const std::vector<WrittenFile> files = finished_files(folder);
  return !files.empty() && std::all_of(files.begin(), files.end(), [&](const WrittenFile& file) {
    std::error_code failure;
    return fs::file_size(folder / file.path, failure) == file.bytes && !failure;
  });
}

/// Joins the records of one output folder.
class Gathering {
 public:
  explicit Gathering(const GatherCommand& command) : folder_(command.folder) {
    std::error_code failure;
    if (!fs::is_directory(folder_, failure))
      throw InputError(folder_.string() + " is no folder of results: it is not there");
    std::vector<fs::path> records;
    for (fs::directory_iterator entry(folder_, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      const std::string name = entry->path().filename().string();
      if (is_record_of_shard(name)) records.push_back(entry->path());
      if (fs::exists(entry->path() / "DONE.json", failure)) finished_.insert(name);
      failure.clear();
    }
    // run.json of an earlier gathering or run comes first: the shards know better.
    std::sort(records.begin(), records.end());
    records.insert(records.begin(), folder_ / "run.json");
    for (const fs::path& record : records) read(record);
    if (command.manifest.empty())
      for (const std::string& stem : finished_) expected_.emplace_back(stem, path_of(stem));
    if (command.manifest.empty())
      for (const auto& [stem, image] : known_)
        if (!finished_.contains(stem)) expected_.emplace_back(stem, image.path);
    if (!command.manifest.empty()) {
      const std::vector<BatchEntry> entries = read_manifest(command.manifest);
      const std::vector<std::string> names = names_of(entries);
      for (std::size_t i = 0; i < entries.size(); ++i)
        expected_.emplace_back(names[i], entries[i].image.string());
    }
    if (expected_.empty())
      throw InputError(folder_.string() + " holds no results and no shard's run.K.json");
  }

  int run(Console& console, Log& log, bool json) {
    std::vector<OverviewSource> sources;
    std::vector<std::string> lines;
    std::size_t done = 0;
    for (const auto& [stem, path] : expected_) {
      const Gathered image = state_of(stem, path);
      done += image.status == "done";
      if (image.status != "done")
        log.error(stem + ": " + image.status + (image.reason.empty() ? "" : ", " + image.reason));
      lines.push_back(image.line);
      sources.push_back({stem, fs::path(path).filename().string(), image.status, image.reason});
    }
    Json head = record_head();
    head["options"] = options_;
    head["encoder_seconds"] = {{"load", 0}, {"warm_up", 0}, {"check", 0}};
    head["shards"] = shards_;
    const auto for_each_line = [&](const std::function<void(const std::string&)>& put) {
      for (const std::string& line : lines) put(line);
    };
    std::function<void(const std::string&)> also;
    if (json) also = [&](const std::string& text) { console.out << text; };
    write_run_json(folder_ / "run.json", head, for_each_line, also);
    OverviewFiles().write(folder_, sources);
    console.out.flush();
    log.info(std::to_string(done) + " of " + std::to_string(expected_.size()) +
             " images are done -> " + (folder_ / "index.html").string());
    if (!console.out) return 6;
    return done == expected_.size() ? 0 : 1;
  }

 private:
  void read(const fs::path& path) {
    std::ifstream file(path);
    if (!file) return;
    const Json record = Json::parse(file, nullptr, false);
    if (!record.is_object() || !record.contains("images")) return;
    if (record.contains("options")) options_ = record.at("options");
    if (record.contains("shard")) shards_.push_back(record.at("shard"));
    for (const Json& image : record.at("images")) {
      Gathered one{image.value("path", ""), {}, image.value("status", ""), ""};
      if (image.contains("reason") && image.at("reason").is_string())
        one.reason = image.at("reason").get<std::string>();
      one.line = image.dump(-1, ' ', true, Json::error_handler_t::replace);
      const std::string stem = image.value("stem", "");
      const bool fine = one.status == "done" || one.status == "skipped";
      const auto known = known_.find(stem);
      // A later record that skipped the image knows less of it than the one that did it.
      if (known != known_.end() && one.status == "skipped" && known->second.status == "done")
        continue;
      if (known != known_.end() && !fine && known->second.status == "done") continue;
      known_[stem] = std::move(one);
    }
  }

  std::string path_of(const std::string& stem) const {
    const auto known = known_.find(stem);
    return known == known_.end() ? stem : known->second.path;
  }

  Gathered state_of(const std::string& stem, const std::string& path) const {
    const auto known = known_.find(stem);
    Gathered image = known == known_.end() ? Gathered{} : known->second;
    if (finished_.contains(stem) && is_whole(folder_ / stem)) {
      const bool recorded = image.status == "done" || image.status == "skipped";
      image.status = "done";
      image.reason.clear();
      if (!recorded) image.line = line_for(stem, path, "done", "");
      return image;
    }
    if (image.status == "failed") return image;
    image.status = "missing";
    image.reason = finished_.contains(stem) ? "its results are not whole: run its shard again with "
                                              "--resume"
                                            : "no shard has done it";
    image.line = line_for(stem, path, "missing", image.reason);
    return image;
  }

  std::string line_for(const std::string& stem, const std::string& path, const char* status,
                       const std::string& reason) const {
    Job job;
    job.image = path;
    job.stem = stem;
    job.folder = folder_ / stem;
    job.status = status;
    job.reason = reason;
    return line_of(job);
  }

  fs::path folder_;
  std::map<std::string, Gathered> known_;
  std::set<std::string> finished_;
  std::vector<std::pair<std::string, std::string>> expected_;  // stem and path
  Json options_ = Json::object(), shards_ = Json::array();
};

}  // namespace

int run_gather(const GatherCommand& command, Console& console, Log& log) {
  Gathering gathering(command);
  const OutputLock lock(command.folder);
  if (!lock.note().empty()) log.warning(lock.note());
  return gathering.run(console, log, command.common.json);
}

}  // namespace metamict::app
