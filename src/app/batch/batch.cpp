// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/batch.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "app/batch/output_lock.hpp"
#include "app/batch/results_folder.hpp"
#include "app/command_line/values.hpp"
#include "app/process/failure.hpp"
#include "app/process/signals.hpp"
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

namespace metamict::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::array stage_names = {"load", "grid",        "embed", "compare", "cut",
                                    "link", "communities", "paint", "write",   "total"};

/// One image of the batch and what became of it. It is small, because there may be ten thousand.
/// Its DONE.json lists the files it left.
struct Job {
  fs::path image;
  std::string stem;
  fs::path folder;
  const char* status = "pending";  ///< done, skipped, failed, pending
  std::string reason;
  int exit_code = 0;  ///< of a failed one, had it been alone
  std::array<float, stage_names.size()> seconds{};
  std::uint64_t peak_memory_bytes = 0;
  std::optional<float> latency_s;  ///< from its arrival to its results, where images arrive
  std::vector<WrittenFile> more;   ///< what a verb made of it beside what DONE.json vouches for

  bool is(std::string_view what) const { return status == what; }
};

/// One line of run.json.
Json entry_of(const Job& job) {
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
  if (job.is("done") || job.is("skipped")) list(finished_files(job.folder));
  list(job.more);
  return image;
}

/// A whole `segment` call.
class Batch {
 public:
  Batch(const SegmentCommand& command, Console& console, Log& log, BatchHooks hooks = {});
  int run();
  int run_stream(const StreamHooks& hooks);

 private:
  int dry_run();
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
  Provenance provenance(const std::string& image_sha256);
  std::string status();
  Encoder& encoder();
  void fail(Job& job, const std::exception& error);
  void write_run_json();
  int exit_code() const;

  const SegmentCommand& command_;
  Console& console_;
  Log& log_;
  BatchHooks hooks_;
  SegmentOptions options_;
  EncoderOptions encoder_options_;
  OutputOptions output_options_;
  Sidecar sidecar_;
  std::string options_sha256_, model_sha256_, sidecar_sha256_;
  std::unique_ptr<Encoder> encoder_;
  std::vector<Job> jobs_;
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
  if (resources.max_memory_bytes == 0) resources.max_memory_bytes = machine_memory_bytes();
  output_options_.make_folder = false;
  encoder_options_.threads = resources.threads;
  cv::setNumThreads(resources.threads);  // OpenCV has a pool of its own
  if (encoder_options_.model.empty()) encoder_options_.model = default_encoder();
  sidecar_ = read_sidecar(encoder_options_.model);
  sidecar_sha256_ = hash_of_model_file(fs::path(encoder_options_.model).replace_extension(".json"));
  options_sha256_ = hash_of(command.result_relevant);
  const std::vector<fs::path> images =
      command.manifest.empty() ? command.images : read_manifest(command.manifest);
  const std::vector<std::string> stems = stems_of(images);
  for (std::size_t i = 0; i < images.size(); ++i)
    jobs_.push_back(
        {images[i], stems[i], command.output / stems[i], "pending", {}, 0, {}, 0, {}, {}});
}

void Batch::make_output() const {
  std::error_code failure;
  fs::create_directories(command_.output, failure);
  if (failure)
    throw OutputError("output folder " + command_.output.string() +
                      " cannot be made: " + failure.message());
}

int Batch::run() {
  if (command_.dry_run) return dry_run();
  if (!command_.resume && !command_.overwrite) refuse_existing();
  make_output();
  const OutputLock lock(command_.output);
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
  });
  const OnStatus on_status([this] { return status(); });
  return run_locked();
}

void Batch::prepare_output() {
  OptionTable table = command_.effective;
  if (!command_.encoder.model.empty()) {
    for (auto& [name, value] : table)
      if (name == "encoder")
        value = fs::absolute(command_.encoder.model).lexically_normal().string();
  }
  const auto whole = hold_off_hurry();
  write_whole(command_.output / "run.toml", to_toml(table));
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
    write_run_json();
    return exit_code_of(error);
  }
  write_run_json();
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
    const std::string stem = arrival->image.stem().string();
    Job job{arrival->image, stem, command_.output / stem, "pending", {}, 0, {}, 0, {}, {}};
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
    write_run_json();
    std::vector<StreamStatus> images;
    for (const Job& one : jobs_)
      images.push_back({one.image, one.stem, one.status, one.reason, one.latency_s.value_or(0)});
    if (hooks.changed) hooks.changed(images);
  }
}

void Batch::do_arrival(Job& job, const Arrival& arrival) try {
  (void)stems_of({job.image});
  for (const Job& other : jobs_)
    if (other.stem == job.stem && !other.is("failed"))
      throw InputError(job.image.filename().string() + " would write into the folder of " +
                       other.image.filename().string() + ": rename it");
  remove_stale(job.folder);
  const auto start = std::chrono::steady_clock::now();
  Micrograph micrograph = load_micrograph(job.image, options_.load);
  const double load_seconds = seconds_since(start);
  check_place(job.folder);
  if (!command_.overwrite && is_finished(job.folder, provenance(micrograph.sha256))) {
    job.status = "skipped";
    job.reason = "finished before";
    log_.info(job.image.filename().string() + ": finished before, skipped");
    return;
  }
  if (fs::exists(job.folder / "DONE.json") && !command_.overwrite && !command_.resume)
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
  for (const Job& job : jobs_)
    images.push_back({job.image, job.folder, job.is("done") || job.is("skipped"), {}});
  hooks_.finish(images);
  for (std::size_t i = 0; i < jobs_.size(); ++i) jobs_[i].more = std::move(images[i].outputs);
}

/// Reads headers only, so that the answer comes at once. `inspect` measures the lattice.
int Batch::dry_run() {
  std::size_t failed = 0;
  for (const Job& job : jobs_) {
    try {
      const Format& format = recognise_format(job.image);
      const std::vector<DatasetInfo> datasets = format.list(job.image, options_.load.max_pixels);
      const DatasetInfo& chosen = datasets[choose_dataset(datasets, options_.load.dataset)];
      console_.out << printable(job.image.string()) << " -> " << printable(job.folder.string())
                   << ": " << format.name << ", " << chosen.rows << " x " << chosen.cols << " "
                   << chosen.dtype << (fs::exists(job.folder) ? ", results exist" : "");
      if (options_.chips.chip_size_px) {
        Micrograph frame;
        frame.pixels = cv::Mat(chosen.rows, chosen.cols, CV_32FC1);
        const Plan planned = plan(frame, options_, shape_of(sidecar_, encoder_options_));
        console_.out << ", " << planned.grid.chips() << " chips, about "
                     << bytes_text(planned.predicted_memory_bytes);
      }
      console_.out << "\n";
    } catch (const Error& error) {
      ++failed;
      log_.error(about(job.image, error));
    }
  }
  console_.out << "encoder " << printable(sidecar_.name) << " ("
               << printable(encoder_options_.model.string()) << "), rules";
  for (const std::string& cut : options_.rules.cuts) console_.out << " " << cut;
  console_.out << ", threads: " << options_.resources.threads << "\n" << std::flush;
  return failed == 0 ? 0 : failed < jobs_.size() ? 1 : 3;
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
    Loaded loaded{load_micrograph(job.image, options_.load), 0};
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
      if (command_.resume && is_finished(job.folder, provenance(loaded.micrograph.sha256))) {
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
      write_outputs(result, staging, output_options_, options_.resources.threads);
  if (hooks_.add_files)
    for (WrittenFile& file : hooks_.add_files(result, staging)) files.push_back(std::move(file));
  check_stop_signal();
  publish(job.folder, files, provenance(image_sha256));
} catch (...) {
  remove_stale(job.folder);
  throw;
}

/// Takes the model's own hash and not its sidecar's, because a model may have been loaded on trust.
Provenance Batch::provenance(const std::string& image_sha256) {
  if (model_sha256_.empty())
    model_sha256_ =
        encoder_ ? encoder_->identity().sha256 : hash_of_model_file(encoder_options_.model);
  return {image_sha256, options_sha256_, model_sha256_, sidecar_sha256_};
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

void Batch::write_run_json() {
  Json json{
      {"schema", 1}, {"versions", versions()}, {"machine", machine()}, {"options", Json::object()}};
  for (const auto& [name, value] : command_.effective) json["options"][name] = value;
  const EncoderSeconds seconds = encoder_ ? encoder_->seconds() : EncoderSeconds{};
  json["encoder_seconds"] = {
      {"load", seconds.load}, {"warm_up", seconds.warm_up}, {"check", seconds.check}};
  // Image by image: ten thousand of them would be 100 MB as one value.
  std::string head = json.dump(2, ' ', true, Json::error_handler_t::replace);
  head.resize(head.size() - 2);
  const auto render = [&](const std::function<void(const std::string&)>& put) {
    put(head + ",\n  \"images\": [");
    const char* separator = "\n";
    for (const Job& job : jobs_) {
      put(separator + ("    " + entry_of(job).dump(-1, ' ', true, Json::error_handler_t::replace)));
      separator = ",\n";
    }
    put("\n  ]\n}\n");
  };
  {
    const auto whole =
        hold_off_hurry();  // else its temporary file could come after all were cleared away
    WholeFile file(command_.output / "run.json");
    render([&](const std::string& text) { file.write(text); });
    file.finish();
    sync_folder(command_.output);
  }
  if (command_.common.json) render([&](const std::string& text) { console_.out << text; });
  console_.out.flush();
}

int Batch::exit_code() const {
  std::size_t failed = 0, fine = 0;
  int first = 0;
  for (const Job& job : jobs_) {
    fine += job.is("done") || job.is("skipped");
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
