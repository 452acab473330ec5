// SPDX-License-Identifier: GPL-3.0-or-later
// Writes summary.csv and index.html of an output folder.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "report/overview.hpp"

namespace metamict::app {

/// One image that belongs to the folder.
struct OverviewSource {
  std::string stem, file, status, reason;
};

/// Remembers what it has read, so that writing again after one more image is quick.
class OverviewFiles {
 public:
  /// Throws OutputError.
  void write(const std::filesystem::path& folder, const std::vector<OverviewSource>& sources);

 private:
  std::map<std::string, OverviewImage> known_;  // by stem; those that are done
  std::map<std::string, std::filesystem::file_time_type> read_at_;
};

}  // namespace metamict::app
