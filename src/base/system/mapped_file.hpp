// SPDX-License-Identifier: GPL-3.0-or-later
// A file's bytes without a copy of them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace metamict {

class MappedFile {
 public:
  /// Throws ModelError when the file cannot be opened, ResourceError without memory. An empty file has no bytes.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const unsigned char> bytes() const { return bytes_; }

 private:
  std::span<const unsigned char> bytes_;
};

}  // namespace metamict
