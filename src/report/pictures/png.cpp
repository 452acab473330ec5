// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/png.hpp"

#include <libdeflate.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr int compression_level = 4;  // higher ones save 3 % of the bytes and take a third longer

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void append_chunk(std::string& out, const char* type, const std::string& data) {
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = out.size();
  out.append(type, 4).append(data);
  append_big_endian(out, libdeflate_crc32(0, out.data() + start, out.size() - start));
}

/// The rows as PNG stores them, each after the number of its filter: none (0), because the filters make noisy
/// micrographs and flat plots larger and take longer to pack. Colour becomes red, green, blue.
std::vector<unsigned char> pack_rows(const cv::Mat& picture) {
  const std::size_t bytes = (picture.channels() == 1 ? 1U : 3U) * static_cast<std::size_t>(picture.cols);
  std::vector<unsigned char> rows((bytes + 1) * static_cast<std::size_t>(picture.rows), 0);
  for (int y = 0; y < picture.rows; ++y) {
    const unsigned char* in = picture.ptr(y);
    unsigned char* out = rows.data() + static_cast<std::size_t>(y) * (bytes + 1) + 1;
    if (picture.channels() == 1) {
      std::memcpy(out, in, bytes);
      continue;
    }
    for (int x = 0; x < picture.cols; ++x, in += 4, out += 3) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
    }
  }
  return rows;
}

std::string deflate(const std::vector<unsigned char>& bytes) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(compression_level), libdeflate_free_compressor);
  if (!compressor) throw OutputError("no memory to pack a picture");
  std::string packed(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()), '\0');
  packed.resize(libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), packed.data(), packed.size()));
  return packed;
}

}  // namespace

std::string encode_picture(const cv::Mat& picture, int dots_per_inch) {
  std::string header;
  append_big_endian(header, static_cast<std::uint32_t>(picture.cols));
  append_big_endian(header, static_cast<std::uint32_t>(picture.rows));
  header += '\x08';                                     // bits a sample
  header += picture.channels() == 1 ? '\x00' : '\x02';  // grey or true colour
  header.append(3, '\0');                               // deflate, the standard filters, not interlaced
  std::string density;
  const auto dots_per_metre = static_cast<std::uint32_t>(std::lround(dots_per_inch / 0.0254));
  append_big_endian(density, dots_per_metre);
  append_big_endian(density, dots_per_metre);
  density += '\x01';

  std::string file("\x89PNG\r\n\x1A\n");
  append_chunk(file, "IHDR", header);
  append_chunk(file, "pHYs", density);
  append_chunk(file, "IDAT", deflate(pack_rows(picture)));
  append_chunk(file, "IEND", {});
  return file;
}

}  // namespace metamict
