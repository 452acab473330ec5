// SPDX-License-Identifier: GPL-3.0-or-later
// What a run may use of its machine. None of it changes a result.
#pragma once

#include <cstdint>
#include <filesystem>

namespace metamict {

struct Resources {
  int threads = 1;                     ///< workers of every stage
  std::uint64_t max_memory_bytes = 0;  ///< an image that needs more is refused before it starts; 0 = no limit
  std::filesystem::path spill{};       ///< folder for scores that memory will not hold; empty = memory

  /// Throws UsageError: fewer than one thread, no such folder.
  void check() const;
};

}  // namespace metamict
