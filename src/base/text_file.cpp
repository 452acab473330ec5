// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text_file.hpp"

#include <fstream>

namespace metamict {

std::optional<std::string> text_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  char some[4096];
  do {
    file.read(some, sizeof some);
    text.append(some, static_cast<std::size_t>(file.gcount()));
  } while (file);
  if (file.bad()) return std::nullopt;
  return text;
}

}  // namespace metamict
