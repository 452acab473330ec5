// SPDX-License-Identifier: GPL-3.0-or-later
// One function per verb: options in, exit code out.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "app/command_line/options.hpp"
#include "app/process/log.hpp"
#include "app/program.hpp"

namespace metamict::app {

int run_segment(const SegmentCommand& command, Console& console, Log& log);
int run_series(const SeriesCommand& command, Console& console, Log& log);
int run_watch(const WatchCommand& command, Console& console, Log& log);
int run_inspect(const InspectCommand& command, Console& console, Log& log);
int run_evaluate(const EvaluateCommand& command, Console& console, Log& log);

/// One image of a batch, for what a verb adds to it.
struct BatchImage {
  std::filesystem::path image, folder;
  bool fine = false;                 ///< done or skipped
  std::vector<WrittenFile> outputs;  ///< made by `finish`, relative to the folder; run.json lists them too
};

/// What other verbs add to a batch of images.
struct BatchHooks {
  /// More files of an image, written into its staging folder; DONE.json vouches for them.
  std::function<std::vector<WrittenFile>(const Result& result, const std::filesystem::path& staging)> add_files;
  /// What is done with the images once all are segmented; failed ones are among them, `fine` false.
  std::function<void(std::vector<BatchImage>& images)> finish;
};

/// An image that has arrived.
struct Arrival {
  std::filesystem::path image;
  std::chrono::steady_clock::time_point at;
};

/// One image of a stream and what became of it.
struct StreamStatus {
  std::filesystem::path image;
  std::string stem, status, reason;
  double latency_s = 0;  ///< from its arrival to its results
};

struct StreamHooks {
  std::function<std::optional<Arrival>()> next;  ///< waits; empty = no more will come. Throws Interrupted.
  std::function<void(const std::vector<StreamStatus>& images)> changed;  ///< after every image
};

/// Images that arrive one by one, with one warm encoder: finished ones are skipped, bad ones said and skipped.
int run_stream(const SegmentCommand& command, Console& console, Log& log, const StreamHooks& hooks);

int run_batch(const SegmentCommand& command, Console& console, Log& log, const BatchHooks& hooks);

/// The encoder that ships: $METAMICT_MODELS, else the installed models, else those of the source tree. Throws
/// ModelError.
std::filesystem::path default_encoder();

/// The error with the file's name in front, unless the sentence names it already.
std::string about(const std::filesystem::path& file, const std::exception& error);

/// Of any library: std::bad_alloc and OpenCV's way of saying it.
bool is_out_of_memory(const std::exception& error);

/// The exit code that an error alone would give.
int exit_code_of(const std::exception& error);

}  // namespace metamict::app
