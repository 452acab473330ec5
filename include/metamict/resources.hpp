// SPDX-License-Identifier: GPL-3.0-or-later
// These options say what a run may use of its machine. They never change a result, but that a limit
// of memory which the user gives may make a graph one over a sample.
#pragma once

#include <cstdint>
#include <filesystem>

namespace metamict {

struct Resources {
  int threads = 1;  ///< workers of every stage
  std::uint64_t max_memory_bytes =
      0;  ///< an image that needs more is refused before it starts; 0 = no limit
  bool memory_is_given =
      false;  ///< the user gave the limit: a graph that does not fit is built over a sample
  std::filesystem::path
      spill{};  ///< folder of a file that holds the scores; empty = scores stay in memory

  /// Throws UsageError for fewer than one thread, or a folder that does not exist.
  void check() const;
};

}  // namespace metamict
