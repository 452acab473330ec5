// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines and progress on stderr; stdout stays for results.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "app/command_line/options.hpp"
#include "app/process/console.hpp"
#include "metamict/progress.hpp"

namespace spdlog {
class logger;
}

namespace metamict::app {

/// What every verb writes its messages with.
class Log {
 public:
  Log(Console& console, const CommonOptions& options);
  ~Log();

  void error(const std::string& line);
  void warning(const std::string& line);
  void info(const std::string& line);
  void detail(const std::string& line);  ///< with --verbose only

  /// A progress callback for one image: a bar with rate and time left on a terminal once a stage has taken two seconds,
  /// a plain line every ten seconds elsewhere. Throws Interrupted when a signal asked to stop.
  Progress progress(const std::string& image);
  /// Which image is in which stage, and how far.
  std::string status();

 private:
  void clear_bar();

  Console& console_;
  bool quiet_ = false;
  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  bool bar_shown_ = false;
  std::string image_, stage_;
  std::size_t done_ = 0, total_ = 0;
};

}  // namespace metamict::app
