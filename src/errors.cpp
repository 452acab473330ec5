// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/errors.hpp"

namespace metamict {

std::string one_line(const std::exception& error) {
  std::string line = error.what();
  try {
    std::rethrow_if_nested(error);
  } catch (const std::exception& inner) {
    line += ": " + one_line(inner);
  } catch (...) {
    line += ": unknown error";
  }
  for (char& c : line)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  return line;
}

}  // namespace metamict
