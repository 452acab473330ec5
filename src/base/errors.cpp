// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/errors.hpp"

namespace metamict {

std::string one_line(const std::exception& error) {
  std::string line = error.what();
  for (char& c : line)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  return line;
}

}  // namespace metamict
