// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/png.hpp"

#include <libdeflate.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr int compression_level = 4;   // higher ones cost two to ten times the time for less than 5 % on noisy micrographs

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void append_chunk(std::string& out, const char* type, const std::string& data) {
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t start = out.size();
  out.append(type, 4).append(data);
  append_big_endian(out, libdeflate_crc32(0, out.data() + start, out.size() - start));
}

/// One row as PNG stores it: grey as it is, colour as red, green, blue.
void pack_row(const cv::Mat& picture, int y, unsigned char* out) {
  const unsigned char* in = picture.ptr(y);
  if (picture.channels() == 1) {
    std::memcpy(out, in, static_cast<std::size_t>(picture.cols));
    return;
  }
  for (int x = 0; x < picture.cols; ++x, in += 4, out += 3) {
    out[0] = in[2];
    out[1] = in[1];
    out[2] = in[0];
  }
}

/// Sum of the filtered bytes read as signed: the usual guess at which filter packs best.
std::uint64_t filter_row(int kind, const unsigned char* row, const unsigned char* above, std::size_t bytes, unsigned char* out) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const unsigned char value = static_cast<unsigned char>(row[i] - (kind == 0 ? 0 : above[i]));
    out[i] = value;
    sum += static_cast<unsigned>(std::abs(static_cast<signed char>(value)));
  }
  return sum;
}

/// Every row with its filter's number before it. "Up" or "Sub", whichever is smaller: the better ones cost more than they save here.
std::vector<unsigned char> filter_rows(const cv::Mat& picture) {
  const std::size_t pixel = picture.channels() == 1 ? 1 : 3, bytes = pixel * static_cast<std::size_t>(picture.cols);
  std::vector<unsigned char> out((bytes + 1) * static_cast<std::size_t>(picture.rows));
  // `pixel` zeros stand before each row, so that "Sub" can look left of the first pixel.
  std::vector<unsigned char> row(pixel + bytes, 0), above(pixel + bytes, 0), other(bytes);
  for (int y = 0; y < picture.rows; ++y) {
    unsigned char* const target = out.data() + static_cast<std::size_t>(y) * (bytes + 1);
    pack_row(picture, y, row.data() + pixel);
    const std::uint64_t up = filter_row(2, row.data() + pixel, above.data() + pixel, bytes, target + 1);
    const std::uint64_t sub = filter_row(1, row.data() + pixel, row.data(), bytes, other.data());
    target[0] = sub < up ? 1 : 2;
    if (sub < up) std::memcpy(target + 1, other.data(), bytes);
    row.swap(above);
  }
  return out;
}

std::string deflate(const std::vector<unsigned char>& bytes) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(libdeflate_alloc_compressor(compression_level),
                                                                                            libdeflate_free_compressor);
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
  header += '\x08';                                        // bits a sample
  header += picture.channels() == 1 ? '\x00' : '\x02';     // grey or true colour
  header.append(3, '\0');                                  // deflate, the standard filters, not interlaced
  std::string density;
  const auto dots_per_metre = static_cast<std::uint32_t>(std::lround(dots_per_inch / 0.0254));
  append_big_endian(density, dots_per_metre);
  append_big_endian(density, dots_per_metre);
  density += '\x01';

  std::string file("\x89PNG\r\n\x1A\n");
  append_chunk(file, "IHDR", header);
  append_chunk(file, "pHYs", density);
  append_chunk(file, "IDAT", deflate(filter_rows(picture)));
  append_chunk(file, "IEND", {});
  return file;
}

}  // namespace metamict
