// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/report_folder.hpp"

#include "base/system/whole_file.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace fs = std::filesystem;

namespace {

void check(const fs::path& folder, const std::error_code& failure) {
  if (!failure) return;
  const std::string name = "the folder " + folder.string();
  throw OutputError(name + " cannot be made: " + failure.message());
}

}  // namespace

void ReportFolder::make(const std::string& below) const {
  std::error_code failure;
  fs::create_directory(path_ / below, failure);
  check(path_ / below, failure);
}

void ReportFolder::make_with_parents() const {
  std::error_code failure;
  fs::create_directories(path_, failure);
  check(path_, failure);
}

WrittenFile ReportFolder::put(const std::string& name, std::string_view bytes) const {
  WholeFile file(path_ / name);
  file.write(bytes);
  return relative(file.finish());
}

WrittenFile ReportFolder::relative(WrittenFile file) const {
  file.path = file.path.lexically_relative(path_);
  return file;
}

void ReportFolder::sync(const std::string& below) const {
  sync_folder(below.empty() ? path_ : path_ / below);
}

}  // namespace metamict
