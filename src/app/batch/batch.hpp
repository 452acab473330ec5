// SPDX-License-Identifier: GPL-3.0-or-later
// Segments many images into one output folder, one after the other, or as they arrive.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/command_line/options.hpp"
#include "app/process/console.hpp"
#include "app/process/log.hpp"
#include "metamict/written_file.hpp"

namespace metamict::app {

/// One image of a batch, as a verb sees it that adds files to it.
struct BatchImage {
  std::filesystem::path image, folder;
  bool fine = false;  ///< done or skipped
  std::vector<WrittenFile>
      outputs;  ///< made by `finish`, relative to the folder; run.json lists them too
};

/// What other verbs add to a batch of images.
struct BatchHooks {
  /// What is done with the images once all are segmented; failed ones are among them, `fine` false.
  std::function<void(std::vector<BatchImage>& images)> finish;
};

/// An image that has arrived.
struct Arrival {
  std::filesystem::path image;
  std::chrono::steady_clock::time_point at;
  std::string name;    ///< of its results' folder
  bool again = false;  ///< it has arrived before, and was changed since
};

/// One image of a stream and what became of it.
struct StreamStatus {
  std::filesystem::path image;
  std::string stem, status, reason;
  double latency_s = 0;  ///< from its arrival to its results
};

struct StreamHooks {
  std::function<std::optional<Arrival>()>
      next;  ///< waits; empty = no more will come. Throws Interrupted.
  /// After every image: those of this run, and the names of those that earlier runs have done.
  std::function<void(const std::vector<StreamStatus>& images,
                     const std::vector<std::string>& earlier)>
      changed;
};

/// Segments images that arrive one by one, with one loaded encoder. Skips finished ones; reports
/// and skips bad ones.
int run_stream(const SegmentCommand& command, Console& console, Log& log, const StreamHooks& hooks);

int run_batch(const SegmentCommand& command, Console& console, Log& log, const BatchHooks& hooks);

}  // namespace metamict::app
