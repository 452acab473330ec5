// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a few unlike tasks side by side. The caller gets the values of all of them, or the error of
// one.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "base/progress_parts.hpp"
#include "metamict/progress.hpp"

namespace metamict {

/// Tells one caller the progress of tasks that run side by side, in thousandths of all. When a
/// task fails, or the caller stops them by throwing, every other task ends at its next call of
/// progress.
class SharedProgress {
 public:
  SharedProgress(std::string_view stage, std::size_t tasks, const Progress& progress,
                 std::vector<double> weights)
      : stage_(stage), progress_(progress), shares_(tasks, std::move(weights)), failures_(tasks) {}

  /// Runs one task, unless one has failed already.
  template <class Task>
  void attempt(std::size_t number, const Task& task) {
    if (failed_) return;
    try {
      task([this, number](std::string_view, std::size_t done, std::size_t total) {
        tell(number, share_done(done, total));
      });
      shares_.tell(number, 1, stage_, {});
    } catch (const GivenUp&) {
    } catch (...) {
      failures_[number] = std::current_exception();
      failed_ = true;
    }
  }

  /// Throws the caller's own error if it stopped the tasks, else that of the failed task with the
  /// lowest number.
  void rethrow() const {
    if (stopped_) std::rethrow_exception(stopped_);
    for (const std::exception_ptr& failure : failures_)
      if (failure) std::rethrow_exception(failure);
  }

 private:
  struct GivenUp {};

  void tell(std::size_t number, double share) {
    if (failed_) throw GivenUp{};
    try {
      shares_.tell(number, share, stage_, progress_);
    } catch (...) {
      const std::scoped_lock lock(stopping_);
      stopped_ = std::current_exception();
      failed_ = true;
      throw GivenUp{};
    }
  }

  std::string_view stage_;
  const Progress& progress_;
  SharesDone shares_;
  std::mutex stopping_;
  std::atomic<bool> failed_ = false;
  std::exception_ptr stopped_;
  std::vector<std::exception_ptr> failures_;
};

/// Returns make(number, progress) for every number in [0, starts.size()), by number. Tasks begin in
/// the order of `starts`, on up to `threads` workers. `progress` hears `stage` and thousandths of
/// all, where each task has its weight. When one fails or the caller stops them, the others end at
/// their next call of progress.
template <class Make>
auto run_all(const std::vector<std::size_t>& starts, int threads, std::string_view stage,
             const Progress& progress, const Make& make, std::vector<double> weights = {}) {
  std::vector<std::invoke_result_t<Make, std::size_t, const Progress&>> values(starts.size());
  SharedProgress shared(stage, starts.size(), progress, std::move(weights));
  parallel_for(starts.size(), threads, [&](std::size_t, std::size_t k) {
    shared.attempt(starts[k],
                   [&](const Progress& tell) { values[starts[k]] = make(starts[k], tell); });
  });
  shared.rethrow();
  return values;
}

}  // namespace metamict
