// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/gzip.hpp"

#include <libdeflate.h>

#include <memory>

#include "metamict/errors.hpp"

namespace metamict {

namespace {
constexpr int compression_level = 6;
constexpr std::size_t largest_text = std::size_t{1} << 30;
}  // namespace

std::string gzipped(std::string_view text) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(compression_level), libdeflate_free_compressor);
  if (!compressor) throw ResourceError("there is no memory to pack a file");
  std::string bytes(libdeflate_gzip_compress_bound(compressor.get(), text.size()), '\0');
  bytes.resize(libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), bytes.data(),
                                        bytes.size()));
  return bytes;
}

std::string gunzipped(std::string_view bytes) {
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> decompressor(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (!decompressor) throw ResourceError("there is no memory to unpack a file");
  for (std::size_t room = 4 * bytes.size() + 65536; room <= largest_text; room *= 4) {
    std::string text(room, '\0');
    std::size_t length = 0;
    const libdeflate_result result = libdeflate_gzip_decompress(
        decompressor.get(), bytes.data(), bytes.size(), text.data(), text.size(), &length);
    if (result == LIBDEFLATE_SUCCESS) {
      text.resize(length);
      return text;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) break;
  }
  throw InputError("it is no gzip file, or is damaged");
}

}  // namespace metamict
