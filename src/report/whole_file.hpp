// SPDX-License-Identifier: GPL-3.0-or-later
// A file that appears under its name whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "metamict/outputs.hpp"
#include "sha256.hpp"

namespace metamict {

/// Written to <path>.part; finish() brings it to the disk and gives it its name. Without finish() nothing remains. Every
/// failure throws OutputError with the file and the system's words.
class WholeFile {
 public:
  explicit WholeFile(std::filesystem::path path);
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  void write(std::string_view bytes);
  /// fsync, close, rename, fsync of the folder. The path in the answer is as given to the constructor.
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

}  // namespace metamict
