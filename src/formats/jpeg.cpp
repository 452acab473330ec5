// SPDX-License-Identifier: GPL-3.0-or-later
// JPEG through libjpeg, which fills what is missing with grey and warns on stderr: here both make
// the file a damaged one.
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <string_view>

// After <cstdio>, which jpeglib.h needs and does not include; jerror.h after jpeglib.h.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "formats/bytes/exif.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using Bytes = std::vector<unsigned char>;

struct Picture {
  DatasetInfo info;
  int components = 1;
  int orientation = 1;
};

std::uint32_t big16(const Bytes& bytes, std::size_t at) {
  return InputFile::number<std::uint16_t>(bytes.data() + at, std::endian::big);
}

bool is_frame_header(unsigned marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

void read_frame_header(const Bytes& bytes, std::size_t at, std::size_t length, Picture& picture) {
  if (length < 8) throw InputError("damaged: the JPEG's frame header is too short");
  const int depth = bytes[at + 2];
  if (depth != 8) throw InputError(std::to_string(depth) + "-bit JPEG is not supported (8-bit is)");
  check_size(big16(bytes, at + 3), big16(bytes, at + 5), std::uint64_t{1} << 32);
  picture.info.name = "image";
  picture.info.rows = static_cast<int>(big16(bytes, at + 3));
  picture.info.cols = static_cast<int>(big16(bytes, at + 5));
  picture.components = bytes[at + 7];
  picture.info.dtype = picture.components == 1   ? "uint8"
                       : picture.components == 4 ? "cmyk8"
                                                 : "rgb8";
  // Of an even image the best coder keeps a bit for 64 pixels.
  check_expansion(
      static_cast<std::uint64_t>(picture.info.rows) * static_cast<std::uint64_t>(picture.info.cols),
      bytes.size());
  if (picture.components == 1 || picture.components == 3 || picture.components == 4) return;
  picture.info.image = false;
  picture.info.reason = "JPEG with " + std::to_string(picture.components) + " colours";
}

// Markers from SOI to EOI. A file cut short has no EOI.
Picture walk_jpeg(const Bytes& bytes) {
  Picture picture;
  bool frame = false, scan = false;
  std::size_t at = 2;
  while (at + 1 < bytes.size()) {
    const unsigned marker = bytes[at + 1];
    if (bytes[at] != 0xFF || marker == 0xFF ||
        marker == 0) {  // fill bytes, or a segment whose length is a little wrong
      ++at;
      continue;
    }
    at += 2;
    if (marker == 0xD9) {
      if (!frame || !scan) throw InputError("damaged: the JPEG ends without an image");
      return picture;
    }
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) continue;
    if (bytes.size() - at < 2) break;
    const std::size_t length = big16(bytes, at);
    if (length < 2 || length > bytes.size() - at) break;
    if (is_frame_header(marker)) {
      read_frame_header(bytes, at, length, picture);
      frame = true;
    }
    constexpr std::string_view exif("Exif\0\0", 6);
    if (marker == 0xE1 && length > 2 + exif.size() &&
        std::equal(exif.begin(), exif.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at) + 2))
      picture.orientation =
          exif_orientation({bytes.data() + at + 2 + exif.size(), length - 2 - exif.size()});
    at += length;
    if (marker != 0xDA) continue;
    scan = true;
    // Entropy-coded data: a 0xFF in it is followed by 0 or is a restart marker.
    while (at + 1 < bytes.size() && (bytes[at] != 0xFF || bytes[at + 1] == 0 ||
                                     (bytes[at + 1] >= 0xD0 && bytes[at + 1] <= 0xD7)))
      ++at;
  }
  throw InputError("truncated: the JPEG ends without its end marker");
}

// What libjpeg calls back. It must not be left by an exception, hence the jump.
struct Decoder {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf escape;
  char message[JMSG_LENGTH_MAX];
  bool inverted;  ///< Adobe's inks: 255 is none
};

Decoder& decoder_of(j_common_ptr info) { return *static_cast<Decoder*>(info->client_data); }

[[noreturn]] void give_up(j_common_ptr info) {
  Decoder& decoder = decoder_of(info);
  info->err->format_message(info, decoder.message);
  std::longjmp(decoder.escape, 1);
}

void heed_warning(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  const bool lost = code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
                    code == JWRN_JPEG_EOF || code == JWRN_MUST_RESYNC ||
                    code == JWRN_ARITH_BAD_CODE;
  if (level < 0 && lost) give_up(info);
}

// A progressive file of many empty scans would keep a decoder busy for hours.
void limit_scans(j_common_ptr info) {
  constexpr int most_scans = 200;
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > most_scans)
    ERREXIT(info, JERR_BAD_PROGRESSION);
}

// Decodes into `rows` of 8-bit grey or RGB, `image` in size; false with a message when the file is
// damaged. Holds nothing that a jump would leak.
bool decode_into(Decoder& decoder, const Bytes& bytes, const cv::Mat& image, unsigned char** rows) {
  if (setjmp(decoder.escape) != 0) {
    jpeg_destroy_decompress(&decoder.info);
    return false;
  }
  decoder.info.err = jpeg_std_error(&decoder.errors);
  decoder.errors.error_exit = give_up;
  decoder.errors.emit_message = heed_warning;
  decoder.errors.output_message = [](j_common_ptr) {};
  decoder.info.client_data = &decoder;
  jpeg_create_decompress(&decoder.info);
  decoder.progress.progress_monitor = limit_scans;
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&decoder.info, TRUE);
  decoder.info.out_color_space = decoder.info.num_components == 1   ? JCS_GRAYSCALE
                                 : decoder.info.num_components == 4 ? JCS_CMYK
                                                                    : JCS_RGB;
  decoder.info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&decoder.info);
  // In a damaged file libjpeg may hold another header for the frame's than we did: the rows are for
  // ours.
  if (decoder.info.output_width != static_cast<JDIMENSION>(image.cols) ||
      decoder.info.output_height != static_cast<JDIMENSION>(image.rows) ||
      decoder.info.output_components != image.channels())
    ERREXIT(&decoder.info, JERR_BAD_LENGTH);
  while (decoder.info.output_scanline < decoder.info.output_height)
    jpeg_read_scanlines(&decoder.info, rows + decoder.info.output_scanline,
                        decoder.info.output_height - decoder.info.output_scanline);
  decoder.inverted = decoder.info.saw_Adobe_marker != FALSE;
  jpeg_finish_decompress(&decoder.info);
  jpeg_destroy_decompress(&decoder.info);
  return true;
}

// Red, green and blue of a pixel: of grey all the same, of inks what is left of the light.
std::array<double, 3> colour_of(const unsigned char* pixel, int components, bool inverted) {
  if (components == 1) return {double(pixel[0]), double(pixel[0]), double(pixel[0])};
  if (components == 3) return {double(pixel[0]), double(pixel[1]), double(pixel[2])};
  const auto light = [&](int ink) { return inverted ? pixel[ink] : 255 - pixel[ink]; };
  return {light(0) * light(3) / 255.0, light(1) * light(3) / 255.0, light(2) * light(3) / 255.0};
}

RawImage decode(const ReadRequest& request, const Bytes& bytes, const Picture& picture) {
  const DatasetInfo& info = picture.info;
  require_dataset(request.dataset, 1);
  require_image(info);
  check_size(info.rows, info.cols, request.max_pixels);
  cv::Mat image(info.rows, info.cols, CV_MAKETYPE(CV_8U, picture.components));
  std::vector<unsigned char*> rows;
  for (int row = 0; row < image.rows; ++row) rows.push_back(image.ptr(row));
  const auto decoder = std::make_unique<Decoder>();
  if (!decode_into(*decoder, bytes, image, rows.data()))
    throw InputError(std::string("damaged: ") + decoder->message);
  RawImage raw{info, {}, {}};
  bool grey =
      true;  // exports often store grey as colour: nothing is lost then, and nothing is to be said
  raw.pixels = read_frames(info, request.frame, [&](int) {
    cv::Mat pixels(image.rows, image.cols, CV_32FC1);
    for (int row = 0; row < image.rows; ++row)
      for (int col = 0; col < image.cols; ++col) {
        const auto [red, green, blue] =
            colour_of(image.ptr(row, col), picture.components, decoder->inverted);
        pixels.at<float>(row, col) =
            static_cast<float>(luma[0] * red + luma[1] * green + luma[2] * blue);
        grey = grey && red == green && green == blue;
      }
    if (request.labels) pixels.convertTo(pixels, CV_64F);
    return pixels;
  });
  if (picture.components == 4)
    raw.notes.push_back("inks (CMYK) were made grey by way of red, green and blue");
  else if (!grey)
    raw.notes.push_back("colour was made grey (0.299 red + 0.587 green + 0.114 blue)");
  raw.notes.push_back("JPEG is lossy: its blocks and rings are not of the specimen");
  for (const auto& note : orientation_notes(picture.orientation)) raw.notes.push_back(note);
  return raw;
}

}  // namespace

bool is_jpeg(Head head, const Path&) {
  return head.size() > 3 && head[0] == 0xFF && head[1] == 0xD8 && head[2] == 0xFF;
}

std::vector<DatasetInfo> list_jpeg(const Path& path, std::uint64_t max_pixels) {
  return {walk_jpeg(read_compressed(path, max_pixels)).info};
}

RawImage read_jpeg(const ReadRequest& request) {
  const Bytes bytes = read_compressed(request.path, request.max_pixels);
  return decode(request, bytes, walk_jpeg(bytes));
}

}  // namespace metamict
