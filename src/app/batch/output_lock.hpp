// SPDX-License-Identifier: GPL-3.0-or-later
// Lets one process at a time write into an output folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/process/signals.hpp"

namespace metamict::app {

/// Holds the lock DIR/.metamict.lock (flock), which ends with its process; the file goes when the
/// lock is released. A second process gets OutputError at once, with the first one's number.
class OutputLock {
 public:
  /// shard: above 0 the lock is that of one shard, DIR/.metamict.<shard>.lock.
  explicit OutputLock(const std::filesystem::path& folder, int shard = 0);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

  /// Says why nothing keeps a second process away; some network file systems know no locks. Empty
  /// where the lock holds.
  const std::string& note() const { return note_; }

 private:
  bool take();

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string note_;
  std::optional<OnHurry> hurry_;
};

}  // namespace metamict::app
