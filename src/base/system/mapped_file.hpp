// SPDX-License-Identifier: GPL-3.0-or-later
// Gives the bytes of a file without copying them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace metamict {

class MappedFile {
 public:
  /// Throws ModelError when the file cannot be opened, ResourceError when memory runs out. An empty
  /// file has no bytes.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const unsigned char> bytes() const { return bytes_; }

 private:
  std::span<const unsigned char> bytes_;
};

}  // namespace metamict
