// SPDX-License-Identifier: GPL-3.0-or-later
// Puts batches of chips into a queue that is served by one single-threaded worker per core. A core
// that is busy with something else then slows one worker only. Splitting one network over the cores
// was 18 to 34 times slower beside a busy neighbour.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <vector>

#include "base/parallel.hpp"
#include "metamict/progress.hpp"

namespace metamict {

struct Batch {
  std::size_t first = 0, count = 0;
};

/// Cuts [0, total) into runs of `large` items, and the last of them into runs of `small`, so that
/// the workers end together. The cuts do not depend on the number of workers, so results do not
/// either.
inline std::vector<Batch> cut_into_batches(std::size_t total, std::size_t large,
                                           std::size_t small) {
  std::vector<Batch> batches;
  for (std::size_t first = 0; first < total; first += batches.back().count)
    batches.push_back({first, std::min(total - first, total - first >= 2 * large ? large : small)});
  return batches;
}

/// Calls work(worker, batch) for every batch. An exception of a worker or of `progress` (stage
/// "embed", in items) ends the queue and reaches the caller.
template <class Work>
void for_each_batch(const std::vector<Batch>& batches, int threads, const Work& work,
                    const Progress& progress) {
  const std::size_t total = batches.empty() ? 0 : batches.back().first + batches.back().count;
  std::size_t done = 0;
  std::mutex reporting;
  parallel_for(batches.size(), threads, [&](std::size_t worker, std::size_t piece) {
    work(worker, batches[piece]);
    const std::lock_guard lock(reporting);
    done += batches[piece].count;
    if (progress) progress("embed", done, total);
  });
}

}  // namespace metamict
