// SPDX-License-Identifier: GPL-3.0-or-later
// These options say what a run may use of its machine. They never change a result.
#pragma once

#include <cstdint>
#include <filesystem>

namespace metamict {

struct Resources {
  int threads = 1;  ///< workers of every stage
  std::uint64_t max_memory_bytes =
      0;  ///< an image that needs more is refused before it starts; 0 = no limit
  std::filesystem::path
      spill{};  ///< folder of a file that holds the scores; empty = scores stay in memory

  /// Throws UsageError for fewer than one thread, or a folder that does not exist.
  void check() const;
};

}  // namespace metamict
