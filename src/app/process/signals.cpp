// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/process/signals.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <system_error>

#include "base/text.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

std::atomic<int> stop_signal{0};

void check_stop_signal() {
  if (const int signal = stop_signal.load(); signal != 0)
    throw Interrupted("stopped by signal " + std::to_string(signal));
}

namespace {

using Clock = std::chrono::steady_clock;

std::array<int, 2> ends{-1, -1};  // the handlers write into a pipe: nothing else is safe in them
constexpr std::array watched = {SIGINT, SIGTERM, SIGUSR1};

std::mutex registry;
std::list<std::function<void()>> clearings;
std::function<std::string()> status;
std::timed_mutex publishing;

extern "C" void on_signal(int signal) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal);
  if (::write(ends[1], &byte, 1) < 0) {
    // a full pipe already holds enough of them
  }
  errno = saved;
}

void say(const std::string& line) {
  const std::string text = printable(line) + "\n";
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) {
    // nobody listens
  }
}

void clear_away() {
  const bool held =
      publishing.try_lock_for(std::chrono::seconds(2));  // kept: nothing may be published any more
  const std::unique_lock lock(registry, std::try_to_lock);
  if (held && lock)
    for (const auto& clear : clearings) clear();
}

/// Ends the process without asking any other thread.
[[noreturn]] void hurry(int signal) {
  clear_away();
  say("error: stopped by signal " + std::to_string(signal) + " in the middle of an image");
  std::_Exit(128 + signal);
}

bool memory_ran_out() {
  try {
    if (const auto error = std::current_exception()) std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (...) {
    return false;
  }
  return false;
}

void print_status() {
  const std::scoped_lock lock(registry);
  say(status ? status() : "metamict: nothing under way");
}

void serve() {
  Clock::time_point deadline = Clock::time_point::max();
  while (true) {
    pollfd waiting{ends[0], POLLIN, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    const int ready = ::poll(&waiting, 1,
                             deadline == Clock::time_point::max()
                                 ? -1
                                 : static_cast<int>(std::max<decltype(left)>(0, left)));
    if (ready == 0) hurry(stop_signal);
    unsigned char signal = 0;
    if (ready < 0 || ::read(ends[0], &signal, 1) != 1) continue;
    if (signal == 0) return;
    if (signal == SIGUSR1) {
      print_status();
      continue;
    }
    if (stop_signal.exchange(signal) != 0) hurry(signal);
    deadline = Clock::now() + std::chrono::seconds(patience_s);
  }
}

}  // namespace

SignalWatch::SignalWatch() {
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    throw std::system_error(errno, std::generic_category(), "no pipe for signals");
  thread_ = std::thread(serve);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : watched) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

SignalWatch::~SignalWatch() {
  const unsigned char end = 0;
  while (::write(ends[1], &end, 1) < 0) std::this_thread::yield();
  thread_.join();
}

void end_for_want_of_memory() {
  constexpr std::string_view words =
      "error: memory ran out: give a larger --stride or --spill DIR\n";
  static std::atomic<bool> ending = false;
  if (!memory_ran_out()) std::abort();
  if (!ending.exchange(true)) {  // clearing, too, may find no memory and come back here
    if (::write(STDERR_FILENO, words.data(), words.size()) < 0) {
      // nobody listens
    }
    clear_away();
  }
  std::_Exit(5);
}

OnHurry::OnHurry(std::function<void()> clear) {
  const std::scoped_lock lock(registry);
  place_ = clearings.insert(clearings.end(), std::move(clear));
}

OnHurry::~OnHurry() {
  const std::scoped_lock lock(registry);
  clearings.erase(place_);
}

OnStatus::OnStatus(std::function<std::string()> given) {
  const std::scoped_lock lock(registry);
  status = std::move(given);
}

OnStatus::~OnStatus() {
  const std::scoped_lock lock(registry);
  status = nullptr;
}

std::unique_lock<std::timed_mutex> hold_off_hurry() { return std::unique_lock(publishing); }

}  // namespace metamict::app
