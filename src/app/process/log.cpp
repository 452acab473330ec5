// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/process/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>

#include "app/process/signals.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace {

const char* colour(spdlog::level::level_enum level) {
  return level >= spdlog::level::err ? "\033[31m" : level == spdlog::level::warn ? "\033[33m" : "";
}

}  // namespace

Log::Log(Console& console, const CommonOptions& options)
    : console_(console), quiet_(options.quiet), verbose_(options.verbose) {
  auto stream = std::make_shared<spdlog::sinks::ostream_sink_mt>(console.err, true);
  stream->set_pattern("%v");
  std::vector<spdlog::sink_ptr> sinks{stream};
  if (!options.log_file.empty()) {
    try {
      auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.log_file.string());
      file->set_pattern("%Y-%m-%dT%H:%M:%S%z %v");
      sinks.push_back(file);
    } catch (const spdlog::spdlog_ex& error) {
      throw OutputError("log file " + options.log_file.string() +
                        " cannot be opened: " + error.what());
    }
  }
  if (options.no_color) console_.terminal = false;
  logger_ = std::make_shared<spdlog::logger>("metamict", sinks.begin(), sinks.end());
  logger_->set_level(options.quiet     ? spdlog::level::err
                     : options.verbose ? spdlog::level::debug
                                       : spdlog::level::info);
}

Log::~Log() { clear_bar(); }

void Log::clear_bar() {
  if (bar_shown_) console_.err << "\r\033[K" << std::flush;
  bar_shown_ = false;
}

namespace {
void write(spdlog::logger& logger, spdlog::level::level_enum level, const std::string& prefix,
           const std::string& line, bool terminal) {
  const char* const on = terminal ? colour(level) : "";
  logger.log(level, "{}{}{}{}", on, prefix, *on != '\0' ? "\033[0m" : "", printable(line));
}
}  // namespace

void Log::error(const std::string& line) {
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(*logger_, spdlog::level::err, "error: ", line, console_.terminal);
}

void Log::warning(const std::string& line) {
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(*logger_, spdlog::level::warn, "note: ", line, console_.terminal);
}

void Log::info(const std::string& line) {
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(*logger_, spdlog::level::info, "", line, console_.terminal);
}

void Log::detail(const std::string& line) {
  const std::lock_guard lock(mutex_);
  clear_bar();
  write(*logger_, spdlog::level::debug, "", line, console_.terminal);
}

Progress Log::progress(const std::string& image) {
  using Clock = std::chrono::steady_clock;
  struct State {
    std::string stage;
    Clock::time_point start{}, shown{};
  };
  auto state = std::make_shared<State>();
  return [this, image, state](std::string_view stage, std::size_t done, std::size_t total) {
    check_stop_signal();
    const std::lock_guard lock(mutex_);
    image_ = image;
    stage_ = stage;
    done_ = done;
    total_ = total;
    if (quiet_ || (!console_.terminal && !verbose_)) return;
    const auto now = Clock::now();
    if (stage != state->stage) *state = {std::string(stage), now, now};
    const double spent = std::chrono::duration<double>(now - state->start).count();
    const double since = std::chrono::duration<double>(now - state->shown).count();
    if (spent < 2 || since < (console_.terminal ? 0.2 : 10.0) || done == 0 || total == 0) return;
    state->shown = now;
    const double rate = static_cast<double>(done) / spent;
    char chips[40] = "";
    if (stage == "embed") std::snprintf(chips, sizeof chips, ", %.0f chips/s", rate);
    char text[160];
    std::snprintf(text, sizeof text, "%s %3.0f %%%s, %.0f s left", state->stage.c_str(),
                  100.0 * static_cast<double>(done) / static_cast<double>(total), chips,
                  static_cast<double>(total - done) / rate);
    if (console_.terminal) {
      console_.err << "\r\033[K" << printable(image) << ": " << text << std::flush;
      bar_shown_ = true;
    } else {
      write(*logger_, spdlog::level::info, "", image + ": " + text, false);
    }
  };
}

std::string Log::status() {
  const std::lock_guard lock(mutex_);
  if (image_.empty()) return "starting";
  std::string text = image_ + ": " + stage_;
  if (total_ > 0) text += " " + std::to_string(100 * done_ / total_) + " %";
  return text;
}

}  // namespace metamict::app
