// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/batch.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "app/batch/batch_entry.hpp"
#include "app/batch/dry_run.hpp"
#include "app/batch/output_lock.hpp"
#include "app/batch/overview_files.hpp"
#include "app/batch/results_folder.hpp"
#include "app/batch/run_record.hpp"
#include "app/command_line/values.hpp"
#include "app/process/failure.hpp"
#include "app/process/signals.hpp"
#include "base/sha256.hpp"
#include "base/stopwatch.hpp"
#include "base/system/machine.hpp"
#include "base/system/whole_file.hpp"
#include "base/text.hpp"
#include "encoder/open_encoder.hpp"
#include "metamict/errors.hpp"
#include "metamict/formats.hpp"
#include "metamict/pipeline.hpp"
#include "metamict/plan.hpp"
#include "metamict/sidecar.hpp"
#include "report/report_folder.hpp"

namespace metamict::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

/// Options that name a file whose content makes the result.
constexpr std::array file_options = {"mask", "names", "prototypes", "maps"};

/// The table with the hashes of these files.
OptionTable with_hashes_of_files(OptionTable table) {
  OptionTable hashes;
  for (const auto& [name, value] : table)
    if (std::find(file_options.begin(), file_options.end(), name) != file_options.end())
      for (const std::string& one : split(value, ',')) {
        const std::string file = one.substr(one.find('=') + 1);
        std::error_code ignored;
        if (fs::is_regular_file(file, ignored))
          hashes.emplace_back(name + "-sha256", sha256_of_file(file));
      }
  table.insert(table.end(), hashes.begin(), hashes.end());
  return table;
}

/// A whole `segment` call.
class Batch {
 public:
  Batch(const SegmentCommand& command, Console& console, Log& log, BatchHooks hooks = {});
  int run();
  int run_stream(const StreamHooks& hooks);

 private:
  void refuse_existing() const;
  void make_output() const;
  void prepare_output();
  int run_locked();
  /// Runs the work. It writes run.json and finds the exit code even after an interruption.
  int run_to_the_end(const std::function<void()>& work);
  void do_all();
  void do_arrivals(const StreamHooks& hooks);
  void do_arrival(Job& job, const Arrival& arrival);
  void finish();
  void do_one(Job& job, Micrograph micrograph, double load_seconds);
  void write_results(const Job& job, Result& result, const std::string& image_sha256);
  Provenance provenance(const Job& job, const std::string& image_sha256);
  std::string status();
  Encoder& encoder();
  void fail(Job& job, const std::exception& error);
  void add_job(const BatchEntry& entry, std::string name);
  LoadOptions load_options(const Job& job) const;
  OptionTable effective(const Job& job) const;
  std::vector<const RecordedImage*> left_as_they_are() const;
  void write_record();
  fs::path beside(const std::string& kind) const;
  int exit_code() const;

  const SegmentCommand& command_;
  Console& console_;
  Log& log_;
  BatchHooks hooks_;
  SegmentOptions options_;
  EncoderOptions encoder_options_;
  OutputOptions output_options_;
  Sidecar sidecar_;
  std::string model_sha256_, sidecar_sha256_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<Job> jobs_;
  std::map<std::string, OptionTable> overrides_;  ///< by the name of the image's folder
  std::vector<RecordedImage> earlier_;            ///< of earlier runs into the folder
  OverviewFiles overview_;
  std::optional<Shard> shard_;
  std::atomic<std::size_t> reached_ =
      0;  ///< images begun; read by the thread that prints the status
};

Batch::Batch(const SegmentCommand& command, Console& console, Log& log, BatchHooks hooks)
    : command_(command),
      console_(console),
      log_(log),
      hooks_(std::move(hooks)),
      options_(command.options),
      encoder_options_(command.encoder),
      output_options_(command.outputs) {
  Resources& resources = options_.resources;
  resources.memory_is_given = resources.max_memory_bytes > 0;
  if (!resources.memory_is_given) resources.max_memory_bytes = machine_memory_bytes();
  output_options_.make_folder = false;
  encoder_options_.threads = resources.threads;
  cv::setNumThreads(resources.threads);  // OpenCV has a pool of its own
  if (encoder_options_.model.empty()) encoder_options_.model = default_encoder();
  sidecar_ = read_sidecar(encoder_options_.model);
  sidecar_sha256_ = hash_of_model_file(fs::path(encoder_options_.model).replace_extension(".json"));
  const std::vector<BatchEntry> entries =
      command.manifest.empty() ? command.entries : read_manifest(command.manifest);
  if (!options_.load.maps.files.empty() && entries.size() != 1)
    throw UsageError(
        "--maps belongs to one image, but there are several: name each image's maps in the column "
        "maps of a manifest");
  const std::vector<std::string> names = names_of(entries);
  shard_ = command.shard;
  if (shard_ && !shard_->only.empty()) {
    const auto found = std::find(names.begin(), names.end(), shard_->only);
    if (found == names.end())
      throw UsageError("--shard only:" + shard_->only + " names no image of the batch");
    const auto i = static_cast<std::size_t>(found - names.begin());
    shard_->number = static_cast<int>(i) + 1;
    shard_->count = static_cast<int>(names.size());
    add_job(entries[i], names[i]);
  } else if (shard_) {
    for (const std::size_t i : share_of(entries, *shard_, options_.load))
      add_job(entries[i], names[i]);
    log_.info("shard " + std::to_string(shard_->number) + " of " + std::to_string(shard_->count) +
              ": " + std::to_string(jobs_.size()) + " of " + std::to_string(entries.size()) +
              " images");
  } else {
    for (std::size_t i = 0; i < entries.size(); ++i) add_job(entries[i], names[i]);
  }
}

void Batch::add_job(const BatchEntry& entry, std::string name) {
  if (!entry.overrides.empty()) overrides_[name] = entry.overrides;
  Job job;
  job.image = entry.image;
  job.folder = command_.output / name;
  job.stem = std::move(name);
  jobs_.push_back(std::move(job));
}

LoadOptions Batch::load_options(const Job& job) const {
  const auto own = overrides_.find(job.stem);
  return own == overrides_.end() ? options_.load : with_overrides(options_.load, own->second);
}

/// The options that make this image, as its run.toml has them.
OptionTable Batch::effective(const Job& job) const {
  OptionTable table = command_.effective;
  if (!command_.encoder.model.empty()) {
    for (auto& [name, value] : table)
      if (name == "encoder")
        value = fs::absolute(command_.encoder.model).lexically_normal().string();
  }
  if (const auto own = overrides_.find(job.stem); own != overrides_.end())
    table = with_overrides(std::move(table), own->second);
  return table;
}

/// run.json and run.toml, or those of the shard: run.2.json.
fs::path Batch::beside(const std::string& kind) const {
  const std::string shard = shard_ ? std::to_string(shard_->number) + "." : "";
  return command_.output / ("run." + shard + kind);
}

void Batch::make_output() const {
  std::error_code failure;
  fs::create_directories(command_.output, failure);
  if (failure)
    throw OutputError("output folder " + command_.output.string() +
                      " cannot be made: " + failure.message());
}

int Batch::run() {
  if (command_.dry_run) {
    std::vector<DryImage> images;
    for (const Job& job : jobs_) images.push_back({job.image, job.folder, load_options(job)});
    return dry_run(images, options_, shape_of(sidecar_, encoder_options_),
                   {sidecar_.name, encoder_options_.model.string(), command_.common.json}, console_,
                   log_);
  }
  if (jobs_.empty()) return 0;  // an empty shard
  if (!command_.resume && !command_.overwrite) refuse_existing();
  make_output();
  const OutputLock lock(command_.output, shard_ ? shard_->number : 0);
  if (!lock.note().empty()) log_.warning(lock.note());
  // Another process may have been here between the first look and the lock.
  if (!command_.resume && !command_.overwrite) refuse_existing();
  const OnHurry hurry([this] {
    std::error_code ignored;
    // The image's own thread may still be writing, and may put a file into the folder that is being
    // removed.
    for (int attempt = 0; attempt < 100; ++attempt) {
      const fs::path folder = jobs_[reached_ == 0 ? 0 : reached_ - 1].folder;
      remove_stale(folder);
      if (!fs::exists(staging_of(folder), ignored)) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (const std::string name : files_beside_images)
      fs::remove(command_.output / (name + ".part"), ignored);
    for (const char* kind : {"json", "toml"}) fs::remove(beside(kind).string() + ".part", ignored);
  });
  const OnStatus on_status([this] { return status(); });
  return run_locked();
}

void Batch::prepare_output() {
  const auto whole = hold_off_hurry();
  write_whole(beside("toml"), to_toml(effective(Job{})));
  for (RecordedImage& image : recorded_images(beside("json")))
    if (std::error_code ignored; fs::exists(command_.output / image.stem / "DONE.json", ignored))
      earlier_.push_back(std::move(image));
}

int Batch::run_locked() {
  prepare_output();
  return run_to_the_end([&] {
    do_all();
    finish();
  });
}

int Batch::run_to_the_end(const std::function<void()>& work) {
  try {
    work();
  } catch (const Interrupted& error) {
    log_.error(one_line(error));
    write_record();
    return exit_code_of(error);
  }
  write_record();
  return exit_code();
}

int Batch::run_stream(const StreamHooks& hooks) {
  make_output();
  const OutputLock lock(command_.output);
  if (!lock.note().empty()) log_.warning(lock.note());
  prepare_output();
  (void)encoder();  // warm before the first image comes; without one nothing can be done
  return run_to_the_end([&] { do_arrivals(hooks); });
}

void Batch::do_arrivals(const StreamHooks& hooks) {
  std::mutex mutex;
  fs::path present;  // read by the thread that waits for a second signal
  const OnHurry hurry([&] {
    const std::lock_guard guard(mutex);
    if (!present.empty()) remove_stale(present);
  });
  const OnStatus on_status([this] { return "metamict: " + log_.status(); });
  while (const std::optional<Arrival> arrival = hooks.next()) {
    // A changed file comes again. Its latest version counts.
    std::erase_if(jobs_, [&](const Job& job) { return job.image == arrival->image; });
    Job job;
    job.image = arrival->image;
    job.stem = arrival->name;
    job.folder = command_.output / job.stem;
    {
      const std::lock_guard guard(mutex);
      present = job.folder;
    }
    try {
      do_arrival(job, *arrival);
    } catch (const Interrupted&) {
      remove_stale(job.folder);
      jobs_.push_back(std::move(job));
      throw;
    }
    jobs_.push_back(std::move(job));
    write_record();
    std::vector<StreamStatus> images;
    for (const Job& one : jobs_)
      images.push_back({one.image, one.stem, one.status, one.reason, one.latency_s.value_or(0)});
    std::vector<std::string> earlier;
    for (const RecordedImage* one : left_as_they_are()) earlier.push_back(one->stem);
    if (hooks.changed) hooks.changed(images, earlier);
  }
}

void Batch::do_arrival(Job& job, const Arrival& arrival) try {
  (void)names_of({{job.image, job.stem, {}}});
  for (const Job& other : jobs_)
    if (other.stem == job.stem && !other.is("failed"))
      throw InputError(job.image.filename().string() + " would write into the folder of " +
                       other.image.filename().string() + ": rename it");
  remove_stale(job.folder);
  const auto start = std::chrono::steady_clock::now();
  Micrograph micrograph = load_micrograph(job.image, options_.load);
  const double load_seconds = seconds_since(start);
  check_place(job.folder);
  if (!command_.overwrite && is_finished(job.folder, provenance(job, micrograph.sha256))) {
    job.status = "skipped";
    job.reason = "finished before";
    log_.info(job.image.filename().string() + ": finished before, skipped");
    return;
  }
  // A file that was written again takes the place of its older version.
  if (fs::exists(job.folder / "DONE.json") && !command_.overwrite && !command_.resume &&
      !arrival.again)
    throw InputError(job.folder.string() +
                     " holds the results of another image or of other options: give --overwrite to "
                     "replace them");
  do_one(job, std::move(micrograph), load_seconds);
  job.latency_s = static_cast<float>(seconds_since(arrival.at));
  log_.info(job.image.filename().string() + ": " + number(std::round(100 * *job.latency_s) / 100) +
            " s from arrival to results");
} catch (const Interrupted&) {
  throw;
} catch (const OutputError&) {
  throw;  // a full disk will not get better by itself
} catch (const std::exception& error) {
  check_stop_signal();
  fail(job, error);
}

void Batch::finish() {
  if (!hooks_.finish) return;
  std::vector<BatchImage> images;
  for (const Job& job : jobs_) images.push_back({job.image, job.folder, job.is_fine(), {}});
  hooks_.finish(images);
  for (std::size_t i = 0; i < jobs_.size(); ++i) jobs_[i].more = std::move(images[i].outputs);
}

void Batch::refuse_existing() const {
  for (const Job& job : jobs_)
    if (fs::exists(fs::symlink_status(job.folder)) ||
        fs::exists(fs::symlink_status(staging_of(job.folder))))
      throw UsageError(job.folder.string() +
                       " exists already: give --resume to keep what is finished, --overwrite to "
                       "replace it, or another --output");
}

/// Does the images one after the other. It reads the next one while the present one is embedded.
void Batch::do_all() {
  struct Loaded {
    Micrograph micrograph;
    double seconds = 0;
  };
  const auto load = [this](const Job& job) {
    const auto start = std::chrono::steady_clock::now();
    Loaded loaded{load_micrograph(job.image, load_options(job)), 0};
    loaded.seconds = seconds_since(start);
    return loaded;
  };
  const auto load_ahead = [&](std::size_t i) -> std::optional<std::future<Loaded>> {
    if (i >= jobs_.size()) return {};
    try {
      return std::async(std::launch::async, load, std::cref(jobs_[i]));
    } catch (const std::system_error&) {
      return {};  // no thread to be had: it is read when its turn comes
    }
  };
  std::optional<std::future<Loaded>> next;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    check_stop_signal();
    Job& job = jobs_[i];
    reached_ = i + 1;
    if (command_.resume || command_.overwrite) remove_stale(job.folder);
    try {
      std::optional<std::future<Loaded>> present = std::exchange(next, std::nullopt);
      Loaded loaded = present ? present->get() : load(job);
      next = load_ahead(i + 1);
      check_place(job.folder);
      if (command_.resume && is_finished(job.folder, provenance(job, loaded.micrograph.sha256))) {
        job.status = "skipped";
        job.reason = "finished before";
        log_.info(job.image.string() + ": finished before, skipped");
        continue;
      }
      do_one(job, std::move(loaded.micrograph), loaded.seconds);
    } catch (const Interrupted&) {
      throw;
    } catch (const std::exception& error) {
      check_stop_signal();  // a terminal's Ctrl-C also ends the child that reads HDF5: that is no
                            // fault of the image
      fail(job, error);
      if (!next) next = load_ahead(i + 1);
      // Without an encoder no later image can be done either.
      if (command_.fail_fast || (dynamic_cast<const ModelError*>(&error) && !encoder_)) break;
    }
  }
}

void Batch::do_one(Job& job, Micrograph micrograph, double load_seconds) {
  const auto start = std::chrono::steady_clock::now();
  reset_peak_memory();
  const std::string image_sha256 = micrograph.sha256;
  Result result = segment(std::move(micrograph), encoder(), options_,
                          log_.progress(job.image.filename().string()));
  result.seconds["load"] = load_seconds;
  const auto writing = std::chrono::steady_clock::now();
  write_results(job, result, image_sha256);
  result.seconds["write"] = seconds_since(writing);
  result.seconds["total"] = seconds_since(start) + load_seconds;
  for (std::size_t i = 0; i < stage_names.size(); ++i)
    job.seconds[i] = static_cast<float>(result.seconds[stage_names[i]]);
  job.peak_memory_bytes = peak_memory_bytes();
  job.status = "done";
  for (const std::string& note : result.notes)
    log_.warning(job.image.filename().string() + ": " + note);
  std::string regions;
  for (const RuleResult& rule : result.rules)
    regions +=
        (regions.empty() ? "" : ", ") + rule.name + " " + std::to_string(rule.regions.size());
  log_.info(job.image.string() + ": regions " + regions + " of " +
            std::to_string(result.grid.chips()) + " chips in " + number(result.seconds["total"]) +
            " s -> " + job.folder.string());
  for (const auto& [stage, seconds] : result.seconds)
    log_.detail("  " + stage + " " + number(seconds) + " s");
}

void Batch::write_results(const Job& job, Result& result, const std::string& image_sha256) try {
  const fs::path staging = staging_of(job.folder);
  {
    const auto undivided =
        hold_off_hurry();  // else the folder could come after all were cleared away
    check_stop_signal();
    std::error_code failure;
    fs::create_directory(staging, failure);
    if (failure) throw OutputError(staging.string() + " cannot be made: " + failure.message());
  }
  std::vector<WrittenFile> files =
      write_outputs(result, staging, output_options_, options_.resources.threads,
                    log_.progress(job.image.filename().string()));
  OptionTable made_by = effective(job);
  std::erase_if(made_by, [](const auto& option) { return option.first == "threads"; });
  files.push_back(ReportFolder(staging).put("run.toml", to_toml(made_by)));
  check_stop_signal();
  publish(job.folder, files, provenance(job, image_sha256));
} catch (...) {
  remove_stale(job.folder);
  throw;
}

/// Takes the model's own hash and not its sidecar's, because a model may have been loaded on trust.
Provenance Batch::provenance(const Job& job, const std::string& image_sha256) {
  if (model_sha256_.empty())
    model_sha256_ =
        encoder_ ? encoder_->identity().sha256 : hash_of_model_file(encoder_options_.model);
  OptionTable relevant = command_.result_relevant;
  if (const auto own = overrides_.find(job.stem); own != overrides_.end())
    relevant = with_overrides(std::move(relevant), own->second);
  return {image_sha256, hash_of(with_hashes_of_files(std::move(relevant))), model_sha256_,
          sidecar_sha256_};
}

std::string Batch::status() {
  const std::size_t reached = reached_;
  return "metamict: image " + std::to_string(reached) + " of " + std::to_string(jobs_.size()) +
         ", " + log_.status();
}

Encoder& Batch::encoder() {
  if (!encoder_) encoder_ = console_.open_encoder(encoder_options_);
  return *encoder_;
}

void Batch::fail(Job& job, const std::exception& error) {
  job.status = "failed";
  job.reason = about(job.image, error);
  job.exit_code = exit_code_of(error);
  log_.error(job.reason);
}

/// The images of earlier runs that this one does not do again.
std::vector<const RecordedImage*> Batch::left_as_they_are() const {
  std::set<std::string> here;
  for (const Job& job : jobs_) here.insert(job.stem);
  std::vector<const RecordedImage*> earlier;
  for (const RecordedImage& image : earlier_)
    if (!here.contains(image.stem)) earlier.push_back(&image);
  return earlier;
}

/// run.json, and what can be seen of the whole folder: summary.csv and index.html.
void Batch::write_record() {
  Json json = record_head();
  json["options"] = Json::object();
  for (const auto& [name, value] : command_.effective) json["options"][name] = value;
  const EncoderSeconds seconds = encoder_ ? encoder_->seconds() : EncoderSeconds{};
  json["encoder_seconds"] = {
      {"load", seconds.load}, {"warm_up", seconds.warm_up}, {"check", seconds.check}};
  if (shard_) json["shard"] = {{"number", shard_->number}, {"count", shard_->count}};
  const std::vector<const RecordedImage*> earlier = left_as_they_are();
  const auto for_each_line = [&](const std::function<void(const std::string&)>& put) {
    for (const Job& job : jobs_) put(line_of(job));
    for (const RecordedImage* image : earlier) put(image->line);
  };
  std::function<void(const std::string&)> also;
  if (command_.common.json) also = [&](const std::string& text) { console_.out << text; };
  write_run_json(beside("json"), json, for_each_line, also);
  if (!shard_) {  // else `gather` makes them, once all shards are done
    const auto whole = hold_off_hurry();
    std::vector<OverviewSource> sources;
    for (const Job& job : jobs_)
      sources.push_back({job.stem, job.image.filename().string(),
                         job.is_fine() ? "done" : job.status, job.reason});
    for (const RecordedImage* image : earlier)
      sources.push_back({image->stem, image->stem, "done", ""});
    overview_.write(command_.output, sources);
  }
  console_.out.flush();
}

int Batch::exit_code() const {
  std::size_t failed = 0, fine = 0;
  int first = 0;
  for (const Job& job : jobs_) {
    fine += job.is_fine();
    if (!job.is("failed")) continue;
    ++failed;
    if (first == 0) first = job.exit_code;
  }
  if (failed == 0) return 0;
  return fine > 0 ? 1 : first;
}

}  // namespace

int run_batch(const SegmentCommand& command, Console& console, Log& log, const BatchHooks& hooks) {
  if (command.print_config) {
    console.out << to_toml(command.effective) << std::flush;
    return console.out ? 0 : 6;
  }
  return Batch(command, console, log, hooks).run();
}

int run_stream(const SegmentCommand& command, Console& console, Log& log,
               const StreamHooks& hooks) {
  return Batch(command, console, log).run_stream(hooks);
}

}  // namespace metamict::app
