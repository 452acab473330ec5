// SPDX-License-Identifier: GPL-3.0-or-later
// A file in memory only, for what comes out of an archive: readers open it by a path like any
// other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace metamict {

class MemoryFile {
 public:
  MemoryFile();  ///< Throws InputError when the system gives none.
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  /// Throws InputError when memory is short or more than `most_bytes` come together.
  void append(std::span<const unsigned char> bytes, std::uint64_t most_bytes);

  /// Makes it so long with zeros behind what was appended.
  void extend_to(std::uint64_t bytes);

  /// Valid in this process and its children as long as the object lives.
  std::filesystem::path path() const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// Throws the InputError for an archive that unpacks to more than it may.
[[noreturn]] void refuse_growth(std::uint64_t most_bytes);

/// How many bytes may come out of an archive's `packed_bytes` for an image of `max_pixels`: more
/// would be no image but a file made to fill the memory. Images pack to a tenth at best, even label
/// maps rarely to a hundredth.
std::uint64_t most_unpacked(std::uint64_t packed_bytes, std::uint64_t max_pixels);

}  // namespace metamict
