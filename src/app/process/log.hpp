// SPDX-License-Identifier: GPL-3.0-or-later
// Writes log lines and progress to stderr. stdout is kept for results.
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

/// Every verb writes its messages with this.
class Log {
 public:
  Log(Console& console, const CommonOptions& options);
  ~Log();

  void error(const std::string& line);
  void warning(const std::string& line);
  void info(const std::string& line);
  void detail(const std::string& line);  ///< with --verbose only

  /// Makes a progress callback for one image. A terminal gets a bar with rate and time left once a
  /// stage has taken two seconds; anything else a line every ten seconds, with --verbose only. It
  /// throws Interrupted when a signal asked to stop.
  Progress progress(const std::string& image);
  /// Says which image is in which stage, and how far it is.
  std::string status();

 private:
  void clear_bar();

  Console& console_;
  bool quiet_ = false, verbose_ = false;
  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  bool bar_shown_ = false;
  std::string image_, stage_;
  std::size_t done_ = 0, total_ = 0;
};

}  // namespace metamict::app
