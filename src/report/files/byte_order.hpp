// SPDX-License-Identifier: GPL-3.0-or-later
// Whole numbers as the bytes of a file.
#pragma once

#include <cstdint>
#include <string>

namespace metamict {

/// The lowest `count` bytes of a number, highest first.
inline std::string big_endian(std::uint64_t value, int count) {
  std::string bytes;
  for (int i = count - 1; i >= 0; --i) bytes += static_cast<char>(value >> 8 * i & 0xFF);
  return bytes;
}

/// The lowest `count` bytes of a number, lowest first.
inline std::string little_endian(std::uint64_t value, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> 8 * i & 0xFF);
  return bytes;
}

}  // namespace metamict
