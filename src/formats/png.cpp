// SPDX-License-Identifier: GPL-3.0-or-later
// PNG: the container is walked here, so that a truncated or damaged file is refused; libpng decodes
// and says nothing.
#include <libdeflate.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <limits>
#include <string_view>

#include "formats/bytes/exif.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using Bytes = std::vector<unsigned char>;

struct Picture {
  DatasetInfo info;
  int depth = 8;  ///< bits of a sample or an index
  bool palette = false;
  bool colour = false;  ///< also by a palette
  bool alpha = false;
  int orientation = 1;
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

// What the first chunk says.
void read_header(const Bytes& bytes, std::size_t at, Picture& picture) {
  set_size(picture.info, big32(bytes, at + 12), big32(bytes, at + 8));
  const int kind = bytes[at + 17];
  picture.depth = bytes[at + 16];
  picture.palette = kind == 3;
  picture.colour = kind == 2 || kind == 3 || kind == 6;
  picture.alpha = kind == 4 || kind == 6;
  check_expansion((static_cast<std::uint64_t>(picture.info.rows) *
                   static_cast<std::uint64_t>(picture.info.cols)) /
                      8 * static_cast<std::uint64_t>(picture.depth),
                  bytes.size());
  picture.info.dtype = (picture.palette  ? "palette"
                        : picture.colour ? (picture.alpha ? "rgba" : "rgb")
                        : picture.alpha  ? "grey+alpha"
                                         : "uint") +
                       std::to_string(picture.palette ? picture.depth : std::max(picture.depth, 8));
}

// Chunks with right checksums from IHDR to IEND: what libpng would only complain about on stderr is
// refused before it sees it.
Picture walk_png(const Bytes& bytes) {
  Picture picture;
  bool pixels = false;
  for (std::size_t at = 8;;) {
    if (bytes.size() - at < 12) throw InputError("truncated: the PNG ends without its IEND chunk");
    const std::size_t length = big32(bytes, at);
    const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    if (length > bytes.size() - at - 12)
      throw InputError("truncated or damaged: the PNG chunk at byte " + std::to_string(at) +
                       " claims " + std::to_string(length) + " bytes");
    if (libdeflate_crc32(0, bytes.data() + at + 4, length + 4) != big32(bytes, at + 8 + length))
      throw InputError("damaged: wrong checksum of the PNG chunk at byte " + std::to_string(at));
    if (at == 8) {
      if (type != "IHDR" || length != 13)
        throw InputError("damaged: the PNG does not begin with an IHDR chunk");
      read_header(bytes, at, picture);
    } else if (type == "tRNS") {
      picture.alpha = true;
    } else if (type == "eXIf") {
      picture.orientation = exif_orientation({bytes.data() + at + 8, length});
    } else if (type == "IDAT") {
      pixels = true;
    } else if (type == "IEND") {
      if (!pixels) throw InputError("damaged: the PNG has no IDAT chunk");
      return picture;
    }
    at += 12 + length;
  }
}

// What libpng calls back. It must not be left by an exception, hence the jump.
struct Decoder {
  std::jmp_buf escape;
  char message[200];
  const unsigned char* bytes;
  std::size_t left;
};

[[noreturn]] void give_up(png_structp png, const char* message) {
  auto& decoder = *static_cast<Decoder*>(png_get_error_ptr(png));
  std::strncpy(decoder.message, message, sizeof decoder.message - 1);
  std::longjmp(decoder.escape, 1);
}

void ignore(png_structp, const char*) {}

void feed(png_structp png, png_bytep to, std::size_t count) {
  auto& decoder = *static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder.left) png_error(png, "it ends too early");
  std::memcpy(to, decoder.bytes, count);
  decoder.bytes += count;
  decoder.left -= count;
}

// Grey and colour in 8 or 16 bits, the transparency left out; of labels the numbers and indices as
// stored.
void set_transformations(png_structp png, png_infop info, const Picture& picture, bool labels) {
  if (picture.depth == 16 && std::endian::native == std::endian::little) png_set_swap(png);
  if (labels && (picture.palette || !picture.colour)) {
    png_set_packing(png);
  } else if (picture.palette) {
    png_set_palette_to_rgb(png);
  } else if (picture.depth < 8) {
    png_set_expand_gray_1_2_4_to_8(png);
  }
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

// Decodes into `rows`, each of `row_bytes`; false with a message when the file is damaged. Holds
// nothing that a jump would leak.
bool decode_into(Decoder& decoder, const Picture& picture, bool labels, std::size_t row_bytes,
                 unsigned char** rows) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, give_up, ignore);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  if (info == nullptr || setjmp(decoder.escape) != 0) {
    png_destroy_read_struct(&png, &info, nullptr);
    return false;
  }
  png_set_benign_errors(png, 1);  // a colour profile that fits not does not touch the grey values
  png_set_user_limits(png, static_cast<png_uint_32>(picture.info.cols),
                      static_cast<png_uint_32>(picture.info.rows));
  png_set_read_fn(png, &decoder, feed);
  png_read_info(png, info);
  set_transformations(png, info, picture, labels);
  if (png_get_rowbytes(png, info) != row_bytes)
    png_error(png, "its header and its data disagree on the size");
  png_read_image(png, rows);
  png_destroy_read_struct(&png, &info, nullptr);
  return true;
}

cv::Mat decode_image(const Bytes& bytes, const Picture& picture, bool labels) {
  const int channels = picture.colour && !(picture.palette && labels) ? 3 : 1;
  cv::Mat image(picture.info.rows, picture.info.cols,
                CV_MAKETYPE(picture.depth == 16 ? CV_16U : CV_8U, channels));
  std::vector<unsigned char*> rows;
  for (int row = 0; row < image.rows; ++row) rows.push_back(image.ptr(row));
  Decoder decoder{};
  decoder.bytes = bytes.data();
  decoder.left = bytes.size();
  const std::size_t row_bytes = image.elemSize() * static_cast<std::size_t>(image.cols);
  if (!decode_into(decoder, picture, labels, row_bytes, rows.data()))
    throw InputError(std::string("damaged: ") + decoder.message);
  return image;
}

template <typename T>
cv::Mat to_grey(const cv::Mat& image) {
  const int channels = image.channels();
  cv::Mat pixels(image.rows, image.cols, CV_32FC1);
  for (int row = 0; row < image.rows; ++row) {
    const T* from = image.ptr<T>(row);
    auto* to = pixels.ptr<float>(row);
    for (int col = 0; col < image.cols; ++col, from += channels)
      to[col] = channels < 3
                    ? static_cast<float>(from[0])
                    : static_cast<float>(luma[0] * from[0] + luma[1] * from[1] + luma[2] * from[2]);
  }
  return pixels;
}

// Exports often store grey as colour with equal channels: nothing is lost then, and nothing is to
// be said.
bool is_grey(const cv::Mat& image) {
  for (int row = 0; row < image.rows; ++row)
    for (int col = 0; col < image.cols; ++col) {
      const unsigned char* pixel = image.ptr(row, col);
      const std::size_t size = image.elemSize1();
      if (!std::equal(pixel, pixel + size, pixel + size) ||
          !std::equal(pixel, pixel + size, pixel + 2 * size))
        return false;
    }
  return true;
}

RawImage decode(const ReadRequest& request, const Bytes& bytes, const Picture& picture) {
  require_dataset(request.dataset, 1);
  check_size(picture.info.rows, picture.info.cols, request.max_pixels);
  const cv::Mat image = decode_image(bytes, picture, request.labels);
  const auto grey = [&](int) {
    cv::Mat pixels =
        image.depth() == CV_8U ? to_grey<std::uint8_t>(image) : to_grey<std::uint16_t>(image);
    if (request.labels) pixels.convertTo(pixels, CV_64F);
    return pixels;
  };
  RawImage raw{picture.info, read_frames(picture.info, request.frame, grey), {}};
  if (image.channels() == 3 && !is_grey(image))
    raw.notes.push_back(
        picture.palette
            ? "the palette's colours were made grey (0.299 red + 0.587 green + 0.114 blue)"
            : "colour was made grey (0.299 red + 0.587 green + 0.114 blue)");
  if (picture.alpha) raw.notes.push_back("the transparency (alpha) was dropped");
  for (const auto& note : orientation_notes(picture.orientation)) raw.notes.push_back(note);
  return raw;
}

}  // namespace

bool is_png(Head head, const Path&) {
  return std::string_view(reinterpret_cast<const char*>(head.data()), head.size())
      .starts_with("\x89PNG\r\n\x1A\n");
}

std::vector<DatasetInfo> list_png(const Path& path, std::uint64_t max_pixels) {
  return {walk_png(read_compressed(path, max_pixels)).info};
}

RawImage read_png(const ReadRequest& request) {
  const Bytes bytes = read_compressed(request.path, request.max_pixels);
  return decode(request, bytes, walk_png(bytes));
}

}  // namespace metamict
