// SPDX-License-Identifier: GPL-3.0-or-later
// Writes a file that appears under its name whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/sha256.hpp"
#include "metamict/written_file.hpp"

namespace metamict {

/// Writes to <path>.part. finish() brings the bytes to the disk and renames the file. Without
/// finish() nothing remains. Every failure throws OutputError with the file's name and the system's
/// words.
class WholeFile {
 public:
  explicit WholeFile(std::filesystem::path path);
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  void write(std::string_view bytes);
  /// Syncs, closes and renames. The path in the answer is the one given to the constructor. The
  /// name outlasts a power cut only after sync_folder().
  WrittenFile finish();

 private:
  void flush();
  [[noreturn]] void fail(const std::string& what, int error_number) const;

  std::filesystem::path path_, part_;
  int descriptor_ = -1;
  bool finished_ = false;
  std::string buffer_;
  Sha256 sha256_;
  std::uint64_t bytes_ = 0;
};

/// Brings the names of a folder's files to the disk (fsync). Call it once for many files, because
/// it costs some 10 ms. Throws OutputError.
void sync_folder(const std::filesystem::path& folder);

}  // namespace metamict
