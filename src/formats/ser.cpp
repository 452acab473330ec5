// SPDX-License-Identifier: GPL-3.0-or-later
// FEI TIA series (.ser), versions 0x0210 (4-byte offsets) and 0x0220 (8-byte): the valid elements
// are frames. Rows are stored from the bottom up, as an image that TIA exports and its .ser show.
#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/bytes/pixel_size.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr auto little = std::endian::little;
constexpr std::uint32_t most_elements = 10'000'000;

struct Series {
  DatasetInfo info;
  Sample sample = Sample::u8;
  std::vector<std::uint64_t> data;  ///< offset of each frame's first pixel
};

struct Element {
  double scale_x = 0, scale_y = 0;
  std::uint16_t type = 0;
  std::uint32_t cols = 0, rows = 0;
  std::uint64_t data = 0;
  bool operator==(const Element& other) const {
    return type == other.type && cols == other.cols && rows == other.rows;
  }
};

Element read_element(const InputFile& file, std::uint64_t at) {
  constexpr std::uint64_t header = 50;
  file.require(at, header, "an image's header");
  Element element;
  element.scale_x = file.get<double>(at + 8, little, "the calibration");
  element.scale_y = file.get<double>(at + 28, little, "the calibration");
  element.type = file.get<std::uint16_t>(at + 40, little, "the data type");
  element.cols = file.get<std::uint32_t>(at + 42, little, "the width");
  element.rows = file.get<std::uint32_t>(at + 46, little, "the height");
  element.data = at + header;
  return element;
}

std::optional<Sample> sample_of(std::uint16_t type) {
  static constexpr Sample samples[] = {Sample::u8,  Sample::u16, Sample::u32, Sample::i8,
                                       Sample::i16, Sample::i32, Sample::f32, Sample::f64};
  if (type < 1 || type > 8) return std::nullopt;
  return samples[type - 1];
}

void describe(Series& series, const Element& element) {
  DatasetInfo& info = series.info;
  if (element.cols == 0 || element.rows == 0 ||
      element.cols > static_cast<std::uint32_t>(std::numeric_limits<int>::max()) ||
      element.rows > static_cast<std::uint32_t>(std::numeric_limits<int>::max()))
    throw InputError("damaged: it claims an image of " + std::to_string(element.rows) + " x " +
                     std::to_string(element.cols) + " px");
  info.rows = static_cast<int>(element.rows);
  info.cols = static_cast<int>(element.cols);
  if (const auto sample = sample_of(element.type)) {
    series.sample = *sample;
    info.dtype = name_of(*sample);
  } else if (element.type == 9 || element.type == 10) {
    info.dtype = element.type == 9 ? "complex64" : "complex128";
    info.image = false;
    info.reason = "complex numbers";
  } else {
    throw InputError("damaged: its data type " + std::to_string(element.type) + " is not known");
  }
  if (info.image && (info.rows == 1 || info.cols == 1)) {
    info.image = false;
    info.reason = "a profile";
  }
  // The scale is in metres. A diffraction pattern's is in truth per metre: a ten-thousandth of 1/nm
  // or more, where no image has a pixel of a kilometre.
  constexpr double least_per_metre = 1e4;
  const bool reciprocal =
      std::max(std::abs(element.scale_x), std::abs(element.scale_y)) >= least_per_metre;
  const Unit unit = reciprocal ? parse_unit("1/m") : metres();
  set_pixel_size(
      info, pixel_size_from({element.scale_y, element.scale_x}, {unit, unit}, "TIA calibration"));
}

// Where each valid element begins.
std::vector<std::uint64_t> offsets_of(const InputFile& file) {
  const bool wide = file.get<std::uint16_t>(4, little, "the header") >= 0x0220;
  const auto total = file.get<std::uint32_t>(14, little, "the header"),
             valid = file.get<std::uint32_t>(18, little, "the header");
  const std::uint64_t array = wide ? file.get<std::uint64_t>(22, little, "the header")
                                   : file.get<std::uint32_t>(22, little, "the header");
  if (valid == 0)
    throw InputError("it holds no valid element: the acquisition may have been aborted");
  if (valid > total || valid > most_elements)
    throw InputError("damaged: it claims " + std::to_string(valid) + " valid elements of " +
                     std::to_string(total));
  const std::uint64_t width = wide ? 8 : 4;
  file.require(array, width * valid, "the list of elements");
  std::vector<std::uint64_t> offsets(valid);
  for (std::uint32_t i = 0; i < valid; ++i)
    offsets[i] = wide ? file.get<std::uint64_t>(array + width * i, little, "the list of elements")
                      : file.get<std::uint32_t>(array + width * i, little, "the list of elements");
  return offsets;
}

Series parse(const InputFile& file) {
  const auto version = file.get<std::uint16_t>(4, little, "the header");
  if (version != 0x0210 && version != 0x0220)
    throw InputError("SER version " + std::to_string(version) + " is not known (528 and 544 are)");
  Series series;
  series.info.name = "image";
  const auto offsets = offsets_of(file);
  const auto kind = file.get<std::uint32_t>(6, little, "the header");
  if (kind == 0x4120) {  // one-dimensional elements
    series.info.image = false;
    series.info.reason = offsets.size() == 1
                             ? "a spectrum"
                             : "a series of " + std::to_string(offsets.size()) + " spectra";
    const std::uint64_t at = offsets[0];
    series.info.rows = static_cast<int>(offsets.size());
    series.info.cols = static_cast<int>(
        std::min<std::uint32_t>(file.get<std::uint32_t>(at + 22, little, "the spectrum's length"),
                                std::numeric_limits<int>::max()));
    if (const auto sample = sample_of(file.get<std::uint16_t>(at + 20, little, "the data type")))
      series.info.dtype = name_of(*sample);
    return series;
  }
  if (kind != 0x4122) throw InputError("damaged: its elements are neither images nor spectra");
  const Element first = read_element(file, offsets[0]);
  describe(series, first);
  series.info.frames = static_cast<int>(offsets.size());
  for (const std::uint64_t offset : offsets) {
    const Element element = read_element(file, offset);
    if (!(element == first)) throw InputError("damaged: its images differ in size or type");
    if (series.info.image)
      file.require(element.data, bytes_of(element.rows, element.cols, series.sample), "an image");
    series.data.push_back(element.data);
  }
  return series;
}

}  // namespace

bool is_ser(Head head, const Path&) {
  return head.size() >= 6 && head[0] == 0x49 && head[1] == 0x49 && head[2] == 0x97 &&
         head[3] == 0x01;
}

std::vector<DatasetInfo> list_ser(const Path& path, std::uint64_t) {
  return {parse(InputFile(path)).info};
}

RawImage read_ser(const ReadRequest& request) {
  const InputFile file(request.path);
  const Series series = parse(file);
  const DatasetInfo& info = series.info;
  require_dataset(request.dataset, 1);
  require_image(info);
  check_size(info.rows, info.cols, request.max_pixels);
  const auto read = [&](int frame) {
    cv::Mat pixels = read_raster(file, {series.data[static_cast<std::size_t>(frame)], info.rows,
                                        info.cols, series.sample, little, request.labels});
    const std::size_t row_bytes = pixels.cols * pixels.elemSize();
    for (int top = 0, bottom = info.rows - 1; top < bottom; ++top, --bottom)
      std::swap_ranges(pixels.ptr(top), pixels.ptr(top) + row_bytes, pixels.ptr(bottom));
    return pixels;
  };
  return {info, read_frames(info, request.frame, read), {}};
}

}  // namespace metamict
