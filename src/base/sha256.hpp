// SPDX-License-Identifier: GPL-3.0-or-later
// Computes SHA-256 (FIPS 180-4), so that reports can name files by content. It uses the processor's
// SHA instructions where there are any, because a model of 47 MB is hashed on every start.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace metamict {

class Sha256 {
 public:
  explicit Sha256(
      bool with_instructions = true);  ///< false: as on a processor without SHA instructions
  void update(std::span<const unsigned char> bytes);
  /// Lower-case hex of everything given so far; update() may go on afterwards.
  std::string hex() const;

 private:
  bool instructions_;
  std::array<std::uint32_t, 8> state_{0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                      0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};
  std::array<unsigned char, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

/// SHA-256 of a whole file, lower-case hex. Throws InputError when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace metamict
