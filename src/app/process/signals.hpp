// SPDX-License-Identifier: GPL-3.0-or-later
// What SIGINT, SIGTERM and SIGUSR1 do. A stop is asked for politely first: work ends where it next looks. What does not
// look within patience_s, or a second signal, ends the process at once, but never with temporary files left.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace metamict::app {

/// Signal that asked the program to stop, 0 = none. Set by main's handlers (and by tests), read between pieces of work.
extern std::atomic<int> stop_signal;

/// Throws Interrupted when a signal asked to stop.
void check_stop_signal();

/// Seconds from the first signal to the end without asking.
constexpr int patience_s = 5;

/// Installs the handlers for the lifetime of the object (one a process) and serves them from a thread of its own.
class SignalWatch {
 public:
  SignalWatch();  ///< throws std::system_error when there is no thread or pipe to be had
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::thread thread_;
};

/// For std::set_terminate: memory that runs out where nothing can be caught (a JSON value allocates in its destructor)
/// ends the process with a sentence, exit code 5 and no temporary files; anything else ends it as ever.
[[noreturn]] void end_for_want_of_memory();

/// What to clear away when the process must end at once; called from the watching thread, so it must stand on its own.
class OnHurry {
 public:
  explicit OnHurry(std::function<void()> clear);
  ~OnHurry();
  OnHurry(const OnHurry&) = delete;
  OnHurry& operator=(const OnHurry&) = delete;

 private:
  std::list<std::function<void()>>::iterator place_;
};

/// What SIGUSR1 prints on standard error while the object lives.
class OnStatus {
 public:
  explicit OnStatus(std::function<std::string()> status);
  ~OnStatus();
  OnStatus(const OnStatus&) = delete;
  OnStatus& operator=(const OnStatus&) = delete;
};

/// While it is held no hurried end comes between: for the few renames that belong together.
std::unique_lock<std::timed_mutex> hold_off_hurry();

}  // namespace metamict::app
