// SPDX-License-Identifier: GPL-3.0-or-later
// A file read at given offsets, with its size known before anything is allocated: nothing past its
// end is ever touched.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace metamict {

class InputFile {
 public:
  /// Throws InputError when the file cannot be opened.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::uint64_t size() const { return size_; }

  /// Throws InputError ("truncated") unless `count` bytes lie at `offset`; `what` names them in the
  /// sentence.
  void require(std::uint64_t offset, std::uint64_t count, const char* what) const;
  void read(std::uint64_t offset, void* to, std::size_t count, const char* what) const;

  /// A number of the file in the given byte order.
  template <typename T>
  T get(std::uint64_t offset, std::endian order, const char* what) const {
    std::array<unsigned char, sizeof(T)> bytes{};
    read(offset, bytes.data(), bytes.size(), what);
    return number<T>(bytes.data(), order);
  }

  template <typename T>
  static T number(const unsigned char* bytes, std::endian order) {
    std::array<unsigned char, sizeof(T)> copy{};
    for (std::size_t i = 0; i < sizeof(T); ++i)
      copy[i] = bytes[order == std::endian::native ? i : sizeof(T) - 1 - i];
    return std::bit_cast<T>(copy);
  }

  /// The bytes as text, at most `most` of them.
  std::string text(std::uint64_t offset, std::uint64_t count, std::uint64_t most,
                   const char* what) const;

 private:
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  // Parsers read many small numbers in a row, so the last block read is kept.
  mutable std::vector<unsigned char> block_;
  mutable std::uint64_t block_offset_ = 0;
  void read_through(std::uint64_t offset, unsigned char* to, std::size_t count,
                    const char* what) const;
};

/// The whole file as bytes. Throws InputError above `most` bytes.
std::vector<unsigned char> read_all(const InputFile& file, std::uint64_t most);

/// Reads a whole file that holds a compressed picture of at most `max_pixels`. A header can claim
/// any size, so a file with more bytes than such a picture can have is refused. Throws InputError.
std::vector<unsigned char> read_compressed(const std::filesystem::path& path,
                                           std::uint64_t max_pixels);

}  // namespace metamict
