// SPDX-License-Identifier: GPL-3.0-or-later
// Chips in batches of fixed composition on a dynamic queue: one single-threaded worker per core. A busy neighbour core then
// slows one worker, not the whole net (splitting one net over cores was seen to be 18 to 34 times slower beside a neighbour).
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>

#include "metamict/progress.hpp"
#include "parallel.hpp"

namespace metamict {

/// Calls work(worker, first, count) for [0, total) cut into runs of `batch` (the last may be shorter). Which items share a
/// batch does not depend on the number of threads, so neither do results. An exception of a worker or of `progress` (stage
/// "embed", in items) ends the queue and reaches the caller.
template <class Work>
void for_each_batch(std::size_t total, std::size_t batch, int threads, const Work& work, const Progress& progress) {
  std::size_t done = 0;
  std::mutex reporting;
  parallel_for((total + batch - 1) / batch, threads, [&](std::size_t worker, std::size_t piece) {
    const std::size_t first = piece * batch, count = std::min(batch, total - first);
    work(worker, first, count);
    const std::lock_guard lock(reporting);
    done += count;
    if (progress) progress("embed", done, total);
  });
}

}  // namespace metamict
