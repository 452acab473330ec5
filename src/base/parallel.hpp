// SPDX-License-Identifier: GPL-3.0-or-later
// Shares numbered pieces of work out among threads. Results must not depend on which thread did
// which piece.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace metamict {

/// Counts the threads of all queues together, beside the callers' own. Without it, queues inside
/// queues would start as many threads as the product of their numbers.
inline std::atomic<int> workers_at_work{0};

/// Calls body(worker, piece) for every piece in [0, pieces) on up to `threads` workers, worker in
/// [0, threads). There are fewer workers where 2 * threads are at work already, or the system has
/// no more threads. OpenMP below a worker (oneDNN) is held to one thread. The first exception stops
/// the queue and reaches the caller.
template <typename Body>
void parallel_for(std::size_t pieces, int threads, const Body& body) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex failing;
  const auto work = [&](std::size_t worker) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    try {
      for (std::size_t piece = next++; piece < pieces; piece = next++) body(worker, piece);
    } catch (...) {
      const std::scoped_lock lock(failing);
      if (!failure) failure = std::current_exception();
      next = pieces;
    }
    omp_set_num_threads(before);
  };
  const std::size_t workers =
      std::min(static_cast<std::size_t>(std::max(threads, 1)), std::max<std::size_t>(pieces, 1));
  std::vector<std::jthread> others;
  try {
    for (std::size_t worker = 1; worker < workers && workers_at_work < 2 * threads; ++worker) {
      others.emplace_back([&work, worker] {
        work(worker);
        --workers_at_work;
      });
      ++workers_at_work;
    }
  } catch (const std::system_error&) {  // no more threads: those that there are do it
  }
  work(0);
  others.clear();
  if (failure) std::rethrow_exception(failure);
}

/// How many rules of an image, and how many parts inside one rule, run at the same time. Above
/// 16,384 chips it is one, because each then holds much memory and keeps all threads at work by
/// itself.
inline int at_once(std::size_t chips, int threads) {
  constexpr std::size_t few_chips = 16384;
  return chips <= few_chips ? threads : 1;
}

}  // namespace metamict
