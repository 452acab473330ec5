// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy's .npy, versions 1 to 3: a 2-D array is an image, a 3-D one a stack of frames.
#include <charconv>
#include <limits>
#include <string_view>

#include "formats/bytes/array_axes.hpp"
#include "formats/bytes/encoding.hpp"
#include "formats/bytes/samples.hpp"
#include "formats/readers.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

struct Array {
  DatasetInfo info;
  Sample sample = Sample::u8;
  std::endian order = std::endian::little;
  bool fortran = false;
  std::vector<std::uint64_t> shape;
  ArrayAxes axes;
  std::uint64_t offset = 0;  ///< of the first number
};

// The value of 'key' in the header, which is a Python dictionary literal: "{'descr': '<f4',
// 'fortran_order': False, 'shape': (3, 4), }".
std::string_view value_of(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    const auto at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    header.remove_prefix(at + quoted.size());
    const auto colon = header.find(':');
    if (colon == std::string_view::npos) break;
    header.remove_prefix(colon + 1);
    while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
    return header;
  }
  throw InputError("damaged: its header has no '" + std::string(key) + "'");
}

std::vector<std::uint64_t> parse_shape(std::string_view text) {
  const auto close = text.find(')');
  if (!text.starts_with('(') || close == std::string_view::npos)
    throw InputError("damaged: its header's shape is not a tuple");
  text = text.substr(1, close - 1);
  std::vector<std::uint64_t> shape;
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string number = trimmed(text.substr(0, comma));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    if (number.empty() && text.empty()) break;  // "(5,)"
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size())
      throw InputError("damaged: \"" + number + "\" in its header's shape is no number");
    if (shape.push_back(value); shape.size() > 32)
      throw InputError("damaged: its header claims more than 32 dimensions");
  }
  return shape;
}

std::string python_string(std::string_view text) {
  if (text.empty() || (text.front() != '\'' && text.front() != '"')) return {};
  const auto close = text.find(text.front(), 1);
  return close == std::string_view::npos ? std::string() : std::string(text.substr(1, close - 1));
}

void set_type(Array& array, const std::string& descr) {
  static constexpr std::pair<std::string_view, Sample> types[] = {
      {"b1", Sample::u8},  {"u1", Sample::u8},  {"i1", Sample::i8},  {"u2", Sample::u16},
      {"i2", Sample::i16}, {"u4", Sample::u32}, {"i4", Sample::i32}, {"u8", Sample::u64},
      {"i8", Sample::i64}, {"f2", Sample::f16}, {"f4", Sample::f32}, {"f8", Sample::f64}};
  const bool marked =
      !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
  const std::string type = marked ? descr.substr(1) : descr;
  array.order = marked && descr[0] == '>' ? std::endian::big : std::endian::little;
  array.info.dtype = type == "b1"    ? "bool"
                     : type == "c8"  ? "complex64"
                     : type == "c16" ? "complex128"
                                     : descr;
  for (const auto& [name, sample] : types)
    if (name == type) {
      array.sample = sample;
      if (type != "b1") array.info.dtype = name_of(sample);
      return;
    }
  array.info.image = false;
  array.info.reason = type.starts_with('c')
                          ? "complex numbers"
                          : "numbers of type " +
                                (descr.empty() ? "structured" : "\"" + descr + "\"") +
                                " are no grey values";
}

Array parse(const InputFile& file) {
  const auto major = file.get<std::uint8_t>(6, std::endian::little, "the header");
  if (major < 1 || major > 3)
    throw InputError("NPY version " + std::to_string(major) + " is not known (1 to 3 are)");
  const std::uint64_t start = major == 1 ? 10 : 12;
  const std::uint64_t length = major == 1
                                   ? file.get<std::uint16_t>(8, std::endian::little, "the header")
                                   : file.get<std::uint32_t>(8, std::endian::little, "the header");
  const std::string header = file.text(start, length, std::uint64_t{1} << 20, "the header");
  Array array;
  array.info.name = "image";
  array.offset = start + length;
  set_type(array, python_string(value_of(header, "descr")));
  array.fortran = value_of(header, "fortran_order").starts_with("True");
  array.shape = parse_shape(value_of(header, "shape"));
  array.axes = set_array_axes(array.info, array.shape);
  if (!array.info.image) return array;
  const auto frame_bytes = bytes_of(array.info.rows, array.info.cols, array.sample);
  if (frame_bytes > file.size() / static_cast<std::uint64_t>(array.info.frames))
    file.require(array.offset, std::numeric_limits<std::int64_t>::max(), "the array");
  file.require(array.offset, frame_bytes * static_cast<std::uint64_t>(array.info.frames),
               "the array");
  return array;
}

// In Fortran order the first axis runs fastest, so the numbers of one frame lie `frames` apart.
cv::Mat read_fortran(const InputFile& file, const Array& array, int frame, bool exact) {
  const DatasetInfo& info = array.info;
  const cv::Mat numbers = read_raster(
      file, {array.offset, info.cols * info.rows, info.frames, array.sample, array.order, exact});
  const cv::Mat one = numbers.col(frame).clone();
  return one.reshape(1, info.cols).t();
}

}  // namespace

bool is_npy(Head head, const Path&) {
  return std::string_view(reinterpret_cast<const char*>(head.data()), head.size())
      .starts_with("\x93NUMPY");
}

std::vector<DatasetInfo> list_npy(const Path& path, std::uint64_t) {
  return {parse(InputFile(path)).info};
}

std::tuple<DatasetInfo, ArrayAxes, int> npy_axes(const Path& path) {
  const Array array = parse(InputFile(path));
  return {array.info, array.axes, static_cast<int>(array.shape.size())};
}

RawImage read_npy(const ReadRequest& request) {
  const InputFile file(request.path);
  const Array array = parse(file);
  const DatasetInfo& info = array.info;
  require_dataset(request.dataset, 1);
  require_image(info);
  check_size(info.rows, info.cols, request.max_pixels);
  const auto frame_bytes = bytes_of(info.rows, info.cols, array.sample);
  if (array.fortran)
    check_size(static_cast<std::uint64_t>(info.rows) * static_cast<std::uint64_t>(info.cols),
               info.frames, request.max_pixels);
  const auto pixels = read_frames(info, request.frame, [&](int frame) {
    if (array.fortran) return read_fortran(file, array, frame, request.labels);
    return read_raster(file, {array.offset + frame_bytes * static_cast<std::uint64_t>(frame),
                              info.rows, info.cols, array.sample, array.order, request.labels});
  });
  return {info, pixels, {}};
}

}  // namespace metamict
