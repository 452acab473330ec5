// SPDX-License-Identifier: GPL-3.0-or-later
// Waits for new files in a folder and gives each once it is whole.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "app/batch/batch.hpp"

namespace metamict::app {

/// Watches a folder (not its subfolders) by inotify, and looks again every two seconds for what
/// inotify cannot tell. A file is whole when no program has it open for writing, as far as the
/// system tells (leases), and its size and time have stood still. They must do so for 0.1 s after
/// it was closed or renamed in, else for `settle_s`. Hidden files and unfinished downloads (.part,
/// .tmp, .partial, .crdownload, ~) are left alone. A file that is changed later arrives again.
class Arrivals {
 public:
  struct Options {
    std::filesystem::path folder;
    double settle_s = 1;
    bool poll = false;  ///< no inotify
    bool once = false;  ///< next() ends when nothing is waiting
  };

  /// Throws InputError when the folder is not there or cannot be watched.
  explicit Arrivals(Options options);
  ~Arrivals();
  Arrivals(const Arrivals&) = delete;
  Arrivals& operator=(const Arrivals&) = delete;

  /// Waits for the next whole file, the oldest first. Returns nothing only with `once`. Throws
  /// Interrupted when a signal asked to stop, InputError when the folder is gone.
  std::optional<Arrival> next();
  std::size_t waiting() const { return waiting_.size(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Look {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type changed;
    bool operator==(const Look&) const = default;
  };
  struct Waiting {
    Look look;
    Clock::time_point still_since, closed_at;
    bool closed = false;  ///< the system said so
  };

  void scan();
  void look_at(const std::filesystem::path& file, bool closed);
  void read_events(int wait_ms);
  std::optional<Arrival> take_whole();

  Options options_;
  int inotify_ = -1;
  Clock::time_point scanned_{};
  std::map<std::filesystem::path, Waiting> waiting_;
  std::map<std::filesystem::path, Look> given_;
};

}  // namespace metamict::app
