// SPDX-License-Identifier: GPL-3.0-or-later
// A file that was written whole, and what a reader needs to know that it still is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace metamict {

struct WrittenFile {
  std::filesystem::path path;  ///< relative to the image's folder
  std::string sha256;
  std::uint64_t bytes = 0;
};

/// Writes `bytes` to `path` through path + ".part", fsync, rename; every return is checked. Throws OutputError.
void write_whole(const std::filesystem::path& path, std::string_view bytes);

}  // namespace metamict
