// SPDX-License-Identifier: GPL-3.0-or-later
// Waits for new files in a folder and gives each once it is whole.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "app/batch/batch.hpp"

namespace metamict::app {

/// Watches a folder by inotify, and looks again every two seconds for what inotify cannot tell. Its
/// subfolders are looked at every two seconds, with `recursive` only. A file is whole when no
/// program has it open for writing, as far as the system tells (leases), and its size and time have
/// stood still. They must do so for 0.1 s after it was closed or renamed in, else for `settle_s`.
/// Hidden files and unfinished downloads (.part, .tmp, .partial, .crdownload, ~) are left alone. A
/// file that is changed later arrives again, also one that is changed while it is being read.
class Arrivals {
 public:
  struct Options {
    std::filesystem::path folder;
    double settle_s = 1;
    bool poll = false;  ///< no inotify
    bool once = false;  ///< next() ends when nothing is waiting
    bool recursive = false;
    std::filesystem::path except;  ///< a folder below that is left alone: the results
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

  /// How many subfolders are passed over, because `recursive` is off.
  std::size_t passed_over() const { return passed_over_; }

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
  void scan_folder(const std::filesystem::path& folder, std::set<std::filesystem::path>& present);
  std::string name_of(const std::filesystem::path& file) const;
  void look_at(const std::filesystem::path& file, bool closed);
  void read_events(int wait_ms);
  std::optional<Arrival> take_whole();

  Options options_;
  int inotify_ = -1;
  std::size_t passed_over_ = 0;
  Clock::time_point scanned_{};
  std::map<std::filesystem::path, Waiting> waiting_;
  std::map<std::filesystem::path, Look> given_;
};

}  // namespace metamict::app
