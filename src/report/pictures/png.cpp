// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/png.hpp"

#include <libdeflate.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "metamict/errors.hpp"
#include "report/files/byte_order.hpp"

namespace metamict {

namespace {

constexpr int compression_level = 4;  // higher ones save 3 % of the bytes and take a third longer

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const std::uint32_t checksum = libdeflate_crc32(0, body.data(), body.size());
  return big_endian(data.size(), 4) + body + big_endian(checksum, 4);
}

/// The rows as PNG stores them, each after the number of its filter. That is none (0), because
/// filters make noisy micrographs and flat plots larger and take longer to pack. Colour
/// becomes red, green, blue.
std::vector<unsigned char> pack_rows(const cv::Mat& picture) {
  const std::size_t bytes =
      (picture.channels() == 1 ? 1U : 3U) * static_cast<std::size_t>(picture.cols);
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
  packed.resize(libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(),
                                         packed.data(), packed.size()));
  return packed;
}

}  // namespace

std::string encode_picture(const cv::Mat& picture, int dots_per_inch) {
  const bool grey = picture.channels() == 1;
  std::string header = big_endian(static_cast<std::uint64_t>(picture.cols), 4) +
                       big_endian(static_cast<std::uint64_t>(picture.rows), 4);
  header += '\x08';                  // bits a sample
  header += grey ? '\x00' : '\x02';  // grey or true colour
  header.append(3, '\0');            // deflate, the standard filters, not interlaced
  const std::string dots_per_metre =
      big_endian(static_cast<std::uint64_t>(std::lround(dots_per_inch / 0.0254)), 4);
  const std::string density = dots_per_metre + dots_per_metre + '\x01';
  return "\x89PNG\r\n\x1A\n" + chunk("IHDR", header) + chunk("pHYs", density) +
         chunk("IDAT", deflate(pack_rows(picture))) + chunk("IEND", {});
}

}  // namespace metamict
