// SPDX-License-Identifier: GPL-3.0-or-later
// PNG: the container is walked here, so that a truncated or damaged file is refused; OpenCV's codecs decode.
#include <libdeflate.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "formats/bytes/samples.hpp"
#include "formats/codecs/codecs.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using Bytes = std::vector<unsigned char>;

struct Picture {
  DatasetInfo info;
  bool colour = false;
  bool alpha = false;
};

std::uint32_t big32(const Bytes& bytes, std::size_t at) {
  return InputFile::number<std::uint32_t>(bytes.data() + at, std::endian::big);
}

void set_size(DatasetInfo& info, std::uint64_t rows, std::uint64_t cols) {
  check_size(rows, cols, std::numeric_limits<std::int64_t>::max());
  info.name = "image";
  info.rows = static_cast<int>(rows);
  info.cols = static_cast<int>(cols);
}

// Chunks with right checksums from IHDR to IEND: what libpng would only complain about on stderr is refused before it
// sees it.
Picture walk_png(const Bytes& bytes) {
  Picture picture;
  bool pixels = false;
  for (std::size_t at = 8;;) {
    if (bytes.size() - at < 12) throw InputError("truncated: the PNG ends without its IEND chunk");
    const std::size_t length = big32(bytes, at);
    const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    if (length > bytes.size() - at - 12)
      throw InputError("truncated or damaged: the PNG chunk at byte " + std::to_string(at) + " claims " +
                       std::to_string(length) + " bytes");
    if (libdeflate_crc32(0, bytes.data() + at + 4, length + 4) != big32(bytes, at + 8 + length))
      throw InputError("damaged: wrong checksum of the PNG chunk at byte " + std::to_string(at));
    if (at == 8) {
      if (type != "IHDR" || length != 13) throw InputError("damaged: the PNG does not begin with an IHDR chunk");
      set_size(picture.info, big32(bytes, at + 12), big32(bytes, at + 8));
      const int depth = bytes[at + 16], kind = bytes[at + 17];
      picture.colour = kind == 2 || kind == 3 || kind == 6;
      picture.alpha = kind == 4 || kind == 6;
      check_expansion((static_cast<std::uint64_t>(picture.info.rows) * static_cast<std::uint64_t>(picture.info.cols)) /
                          8 * static_cast<std::uint64_t>(depth),
                      bytes.size());
      picture.info.dtype = (picture.colour  ? (picture.alpha ? "rgba" : "rgb")
                            : picture.alpha ? "grey+alpha"
                                            : "uint") +
                           std::to_string(std::max(depth, 8));
    } else if (type == "tRNS") {
      picture.alpha = true;
    } else if (type == "IDAT") {
      pixels = true;
    } else if (type == "IEND") {
      if (!pixels) throw InputError("damaged: the PNG has no IDAT chunk");
      return picture;
    }
    at += 12 + length;
  }
}

template <typename T>
cv::Mat to_grey(const cv::Mat& image) {
  const int channels = image.channels();
  cv::Mat pixels(image.rows, image.cols, CV_32FC1);
  for (int row = 0; row < image.rows; ++row) {
    const T* from = image.ptr<T>(row);
    auto* to = pixels.ptr<float>(row);
    for (int col = 0; col < image.cols; ++col, from += channels)
      to[col] = channels < 3 ? static_cast<float>(from[0])
                             : static_cast<float>(luma[2] * from[0] + luma[1] * from[1] + luma[0] * from[2]);
  }
  return pixels;
}

// Exports often store grey as colour with equal channels: nothing is lost then, and nothing is to be said.
bool is_grey(const cv::Mat& image) {
  for (int row = 0; row < image.rows; ++row)
    for (int col = 0; col < image.cols; ++col) {
      const unsigned char* pixel = image.ptr(row, col);
      const std::size_t size = image.elemSize1();
      if (!std::equal(pixel, pixel + size, pixel + size) || !std::equal(pixel, pixel + size, pixel + 2 * size))
        return false;
    }
  return true;
}

RawImage decode(const ReadRequest& request, const Bytes& bytes, const Picture& picture) {
  require_dataset(request.dataset, 1);
  check_size(picture.info.rows, picture.info.cols, request.max_pixels);
  const cv::Mat image = decode_image(bytes);
  if (image.empty()) throw InputError("damaged: it cannot be decoded");
  if (image.rows != picture.info.rows || image.cols != picture.info.cols)
    throw InputError("damaged: its header and its data disagree on the size");
  if (image.depth() != CV_8U && image.depth() != CV_16U) throw InputError("decoded to a type that is not supported");
  const auto grey = [&](int) {
    return image.depth() == CV_8U ? to_grey<std::uint8_t>(image) : to_grey<std::uint16_t>(image);
  };
  RawImage raw{picture.info, read_frames(picture.info, request.frame, grey), {}};
  if (image.channels() >= 3 && picture.colour && !is_grey(image))
    raw.notes.push_back("colour was made grey (0.299 red + 0.587 green + 0.114 blue)");
  if (picture.alpha) raw.notes.push_back("the transparency (alpha) was dropped");
  return raw;
}

// A header can claim any size; this many bytes are more than a compressed picture within the limit has.
Bytes read_picture(const Path& path, std::uint64_t max_pixels) {
  return read_all(InputFile(path), 8 * std::min(max_pixels, std::uint64_t{1} << 40) + (std::uint64_t{1} << 24));
}

}  // namespace

bool is_png(Head head, const Path&) {
  return std::string_view(reinterpret_cast<const char*>(head.data()), head.size()).starts_with("\x89PNG\r\n\x1A\n");
}

std::vector<DatasetInfo> list_png(const Path& path, std::uint64_t max_pixels) {
  return {walk_png(read_picture(path, max_pixels)).info};
}

RawImage read_png(const ReadRequest& request) {
  const Bytes bytes = read_picture(request.path, request.max_pixels);
  return decode(request, bytes, walk_png(bytes));
}

}  // namespace metamict
