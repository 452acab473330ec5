// SPDX-License-Identifier: GPL-3.0-or-later
// Progress of tasks that are part of a larger one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "metamict/progress.hpp"

namespace metamict {

inline double share_done(std::size_t done, std::size_t total) {
  return total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
}

/// Progress of a part that reaches from one share of the whole to another. `whole` must outlive it.
inline Progress part_of(const Progress& whole, double from, double to) {
  if (!whole) return {};
  return [&whole, from, to](std::string_view stage, std::size_t done, std::size_t total) {
    constexpr double thousand = 1000;
    const double share = from + (to - from) * share_done(done, total);
    whole(stage, static_cast<std::size_t>(thousand * share), static_cast<std::size_t>(thousand));
  };
}

/// Adds up the shares of tasks that are done side by side. A share never falls.
class SharesDone {
 public:
  /// weights: of the tasks in the whole; all alike where there are none.
  explicit SharesDone(std::size_t tasks, std::vector<double> weights = {})
      : shares_(tasks, 0), weights_(std::move(weights)) {
    weights_.resize(tasks, 1);
  }

  /// Notes how far a task is, and tells `whole` how far all are together, one caller at a time.
  void tell(std::size_t task, double share, std::string_view stage, const Progress& whole) {
    const std::scoped_lock lock(telling_);
    shares_[task] = std::max(shares_[task], std::min(share, 1.0));
    if (!whole) return;
    constexpr double thousand = 1000;
    double done = 0, all = 0;
    for (std::size_t k = 0; k < shares_.size(); ++k) {
      done += weights_[k] * shares_[k];
      all += weights_[k];
    }
    whole(stage, static_cast<std::size_t>(thousand * done / all),
          static_cast<std::size_t>(thousand));
  }

 private:
  std::mutex telling_;
  std::vector<double> shares_, weights_;
};

}  // namespace metamict
