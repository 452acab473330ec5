// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a child process that answers on its standard output. Work that may crash or hang is done in
// one.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace metamict {

class Child {
 public:
  /// Starts `program` (a path) with these arguments. Its standard input is the descriptor `input`,
  /// or empty. Throws InputError when it cannot be started.
  Child(const std::string& program, const std::vector<std::string>& arguments, int input = -1);
  ~Child();  ///< ends it if it still runs
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Reads up to the next end of line, without it. Returns "" when the child ends before. Throws
  /// InputError above 16 MiB, or when the child is silent for too long.
  std::string read_line();
  /// Reads exactly `count` bytes. Throws InputError when the child ends before.
  void read(void* to, std::size_t count);
  /// Waits for its end. Returns "" when it ended well, else how it ended.
  std::string finish();

 private:
  pid_t pid_ = -1;
  int descriptor_ = -1;
  std::string pending_;
  bool fill();
};

}  // namespace metamict
