// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/exif.hpp"

#include "formats/bytes/input_file.hpp"

namespace metamict {

int exif_orientation(std::span<const unsigned char> block) {
  constexpr std::size_t entry_bytes = 12;
  constexpr unsigned orientation_tag = 0x0112;
  if (block.size() < 8 || block[0] != block[1] || (block[0] != 'I' && block[0] != 'M')) return 1;
  const auto order = block[0] == 'I' ? std::endian::little : std::endian::big;
  const auto word = [&](std::size_t at) {
    return InputFile::number<std::uint16_t>(block.data() + at, order);
  };
  const std::size_t start = InputFile::number<std::uint32_t>(block.data() + 4, order);
  if (start > block.size() - 2) return 1;
  const std::size_t entries = word(start);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t at = start + 2 + entry_bytes * i;
    if (at + entry_bytes > block.size()) return 1;
    if (word(at) != orientation_tag) continue;
    const int orientation = word(at + 8);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

}  // namespace metamict
