// SPDX-License-Identifier: GPL-3.0-or-later
// One process at a time writes into an output folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/process/signals.hpp"

namespace metamict::app {

/// Holds DIR/.metamict.lock, which dies with its process (flock) and goes when it is let go. A second process is
/// refused at once: throws OutputError with the number of the first.
class OutputLock {
 public:
  explicit OutputLock(const std::filesystem::path& folder);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

  /// Why nothing keeps a second process away; empty where the lock holds. Some network file systems know no locks.
  const std::string& note() const { return note_; }

 private:
  bool take();

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string note_;
  std::optional<OnHurry> hurry_;
};

}  // namespace metamict::app
