// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/label_tiff.hpp"

#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/text.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

/// The file as libtiff sees it: bytes in memory and a position. libtiff's last
/// complaint is kept for the error.
struct Memory {
  std::string bytes;
  std::size_t position = 0;
  std::string complaint;
};

tmsize_t read_memory(thandle_t handle, void* out, tmsize_t count) {
  auto& memory = *static_cast<Memory*>(handle);
  const std::size_t left = memory.bytes.size() - std::min(memory.position, memory.bytes.size());
  const std::size_t given = std::min(left, static_cast<std::size_t>(count));
  std::memcpy(out, memory.bytes.data() + memory.position, given);
  memory.position += given;
  return static_cast<tmsize_t>(given);
}

tmsize_t write_memory(thandle_t handle, void* in, tmsize_t count) {
  auto& memory = *static_cast<Memory*>(handle);
  const auto size = static_cast<std::size_t>(count);
  if (memory.position + size > memory.bytes.size()) memory.bytes.resize(memory.position + size);
  std::memcpy(memory.bytes.data() + memory.position, in, size);
  memory.position += size;
  return count;
}

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto& memory = *static_cast<Memory*>(handle);
  std::size_t from = 0;
  if (whence == SEEK_CUR) from = memory.position;
  if (whence == SEEK_END) from = memory.bytes.size();
  memory.position = from + static_cast<std::size_t>(offset);
  return memory.position;
}

toff_t size_of_memory(thandle_t handle) { return static_cast<Memory*>(handle)->bytes.size(); }
int close_memory(thandle_t) { return 0; }

int keep_complaint(TIFF*, void* memory, const char*, const char* format, va_list arguments) {
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  static_cast<Memory*>(memory)->complaint = text;
  return 1;  // handled: nothing goes to stderr
}

// DigitalMicrograph's own tags: unit, origin and scale of x and y, as in
// TIFF files it saves itself.
enum : std::uint32_t {
  gatan_unit_x = 65003,
  gatan_unit_y = 65004,
  gatan_origin_x = 65006,
  gatan_origin_y = 65007,
  gatan_scale_x = 65009,
  gatan_scale_y = 65010
};

void declare_gatan_tags(TIFF* tiff) {
  static char names[6][16] = {"GatanUnitX",   "GatanUnitY",  "GatanOriginX",
                              "GatanOriginY", "GatanScaleX", "GatanScaleY"};
  const auto ascii = [&](std::uint32_t tag, char* name) {
    return TIFFFieldInfo{tag, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, name};
  };
  const auto real = [&](std::uint32_t tag, char* name) {
    return TIFFFieldInfo{tag, 1, 1, TIFF_DOUBLE, FIELD_CUSTOM, 1, 0, name};
  };
  const std::array<TIFFFieldInfo, 6> fields{
      ascii(gatan_unit_x, names[0]),  ascii(gatan_unit_y, names[1]), real(gatan_origin_x, names[2]),
      real(gatan_origin_y, names[3]), real(gatan_scale_x, names[4]), real(gatan_scale_y, names[5])};
  TIFFMergeFieldInfo(tiff, fields.data(), fields.size());
}

/// Whether the file may grow beyond the 4 GiB that TIFF can count: then it is a BigTIFF.
bool is_big(const cv::Mat& labels) {
  constexpr std::size_t most_bytes = 4'000'000'000;
  return labels.total() * labels.elemSize() > most_bytes;
}

void describe_layout(TIFF* tiff, const cv::Mat& labels) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(labels.cols));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(labels.rows));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 16);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, 6);
  const int rows_per_strip = std::clamp((1 << 18) / std::max(1, 2 * labels.cols), 1, labels.rows);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(rows_per_strip));
}

void describe_scale(TIFF* tiff, std::optional<PixelSize> pixel, double largest) {
  // ImageJ reads its scale from "unit" and the resolution; min and max make it show
  // few labels with contrast.
  std::string description = "ImageJ=1.53t\n";
  if (pixel) description += "unit=nm\n";
  description += "min=0.0\nmax=" + fixed(largest, 1) + "\n";
  TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, description.c_str());
  TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_NONE);
  TIFFSetField(tiff, TIFFTAG_XRESOLUTION, pixel ? 1 / pixel->width_nm : 1.0);
  TIFFSetField(tiff, TIFFTAG_YRESOLUTION, pixel ? 1 / pixel->height_nm : 1.0);
  if (!pixel) return;
  declare_gatan_tags(tiff);
  for (const auto tag : {gatan_unit_x, gatan_unit_y}) TIFFSetField(tiff, tag, "nm");
  for (const auto tag : {gatan_origin_x, gatan_origin_y}) TIFFSetField(tiff, tag, 0.0);
  TIFFSetField(tiff, gatan_scale_x, pixel->width_nm);
  TIFFSetField(tiff, gatan_scale_y, pixel->height_nm);
}

}  // namespace

std::string label_tiff(const cv::Mat& labels, std::optional<PixelSize> pixel) {
  CV_Assert(labels.type() == CV_16UC1 && !labels.empty());
  Memory memory;
  const auto fail = [&](const std::string& what) {
    throw OutputError(what + " cannot be written as TIFF: " + memory.complaint);
  };
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             TIFFOpenOptionsFree);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_complaint, &memory);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), keep_complaint, &memory);
  std::unique_ptr<TIFF, void (*)(TIFF*)> tiff(
      TIFFClientOpenExt("labels.tif", is_big(labels) ? "w8l" : "wl", &memory, read_memory,
                        write_memory, seek_memory, close_memory, size_of_memory, nullptr, nullptr,
                        options.get()),
      TIFFClose);
  if (!tiff) fail("the label map");
  double largest = 0;
  cv::minMaxLoc(labels, nullptr, &largest);
  describe_layout(tiff.get(), labels);
  describe_scale(tiff.get(), pixel, largest);
  for (int y = 0; y < labels.rows; ++y) {
    auto* const row = const_cast<std::uint16_t*>(labels.ptr<std::uint16_t>(y));
    if (TIFFWriteScanline(tiff.get(), row, static_cast<std::uint32_t>(y)) != 1)
      fail("row " + std::to_string(y) + " of the label map");
  }
  if (TIFFFlush(tiff.get()) != 1) fail("the label map");
  tiff.reset();
  return std::move(memory.bytes);
}

}  // namespace metamict
