// SPDX-License-Identifier: GPL-3.0-or-later
// New files of a folder, each given once it is whole.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>

#include "app/batch/batch.hpp"

namespace metamict::app {

/// Watches a folder (not what lies below it) by inotify, and by looking again every two seconds for what inotify cannot
/// tell. A file is whole when no one has it open for writing, as far as the system tells (leases), and when its size
/// and time have stood still: for a tenth of a second after it was closed or renamed in, else for `settle_s`. Hidden
/// files, and names that end as unfinished downloads do (.part, .tmp, .partial, .crdownload, ~), are left alone. A file
/// that is changed later arrives again.
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

  /// Waits for the next whole file, oldest first; empty only with `once`. Throws Interrupted when a signal asked to
  /// stop, InputError when the folder is gone.
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
