// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a file whole or not at all, and says by which hash and size a reader can check it later.
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

/// Writes `bytes` to path + ".part", syncs it to the disk and renames it to `path`. Throws
/// OutputError.
void write_whole(const std::filesystem::path& path, std::string_view bytes);

}  // namespace metamict
