// SPDX-License-Identifier: GPL-3.0-or-later
// Handles SIGINT, SIGTERM and SIGUSR1. A first stop signal is a request, and work ends where it
// next looks. A second signal, or patience_s without a look, ends the process at once, after
// clearing its temporary files away.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace metamict::app {

/// The signal that asked the program to stop, 0 = none. Handlers and tests set it. Work reads it
/// between its pieces.
extern std::atomic<int> stop_signal;

/// Throws Interrupted when a signal asked to stop.
void check_stop_signal();

/// Seconds from the first signal to an end by force.
constexpr int patience_s = 5;

/// Installs the handlers for its lifetime and serves them from a thread of its own. There is one in
/// a process.
class SignalWatch {
 public:
  SignalWatch();  ///< throws std::system_error when it gets no thread or no pipe
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::thread thread_;
};

/// Is given to std::set_terminate. Memory can run out where nothing can be caught (a JSON value
/// allocates in its destructor); it then ends the process with a sentence, exit code 5 and no
/// temporary files. Else it aborts as usual.
[[noreturn]] void end_for_want_of_memory();

/// Registers what to clear away when the process must end at once. The watching thread calls it: it
/// must need no other.
class OnHurry {
 public:
  explicit OnHurry(std::function<void()> clear);
  ~OnHurry();
  OnHurry(const OnHurry&) = delete;
  OnHurry& operator=(const OnHurry&) = delete;

 private:
  std::list<std::function<void()>>::iterator place_;
};

/// Sets what SIGUSR1 prints on standard error while the object lives.
class OnStatus {
 public:
  explicit OnStatus(std::function<std::string()> status);
  ~OnStatus();
  OnStatus(const OnStatus&) = delete;
  OnStatus& operator=(const OnStatus&) = delete;
};

/// Holds for the few renames that belong together. An end by force waits up to 2 s for it, else it
/// clears nothing away.
std::unique_lock<std::timed_mutex> hold_off_hurry();

}  // namespace metamict::app
