// SPDX-License-Identifier: GPL-3.0-or-later
// The folder that the files of a report go into.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "metamict/written_file.hpp"

namespace metamict {

/// Names are relative to the folder, in what is asked of it and in what it answers.
class ReportFolder {
 public:
  explicit ReportFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// Makes the folder `below` in it. Throws OutputError.
  void make(const std::string& below) const;
  /// Makes the folder itself, and those that it lies in. Throws OutputError.
  void make_with_parents() const;

  /// Writes a file whole or not at all. Throws OutputError.
  WrittenFile put(const std::string& name, std::string_view bytes) const;

  /// The same file under its name in this folder.
  WrittenFile relative(WrittenFile file) const;

  /// Brings the names of the files in it, or in the folder `below` in it, to the disk.
  void sync(const std::string& below = {}) const;

 private:
  std::filesystem::path path_;
};

}  // namespace metamict
