// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/samples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "metamict/errors.hpp"

namespace metamict {

namespace {

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31)
    return fraction != 0 ? std::numeric_limits<float>::quiet_NaN() : sign * std::numeric_limits<float>::infinity();
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

// A double beyond float's range becomes infinite on purpose: the micrograph's own check then names the pixel.
float narrow(double value) {
  constexpr double most = std::numeric_limits<float>::max();
  if (std::abs(value) <= most || std::isnan(value)) return static_cast<float>(value);
  return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(value > 0 ? 1 : -1));
}

template <typename T>
void convert(const unsigned char* from, std::endian order, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const T value = InputFile::number<T>(from + i * sizeof(T), order);
    if constexpr (std::is_same_v<T, double>)
      to[i] = narrow(value);
    else
      to[i] = static_cast<float>(value);
  }
}

}  // namespace

void to_float(const unsigned char* from, Sample sample, std::endian order, std::size_t count, float* to) {
  switch (sample) {
    case Sample::u8:
      return convert<std::uint8_t>(from, order, count, to);
    case Sample::i8:
      return convert<std::int8_t>(from, order, count, to);
    case Sample::u16:
      return convert<std::uint16_t>(from, order, count, to);
    case Sample::i16:
      return convert<std::int16_t>(from, order, count, to);
    case Sample::u32:
      return convert<std::uint32_t>(from, order, count, to);
    case Sample::i32:
      return convert<std::int32_t>(from, order, count, to);
    case Sample::u64:
      return convert<std::uint64_t>(from, order, count, to);
    case Sample::i64:
      return convert<std::int64_t>(from, order, count, to);
    case Sample::f32:
      return convert<float>(from, order, count, to);
    case Sample::f64:
      return convert<double>(from, order, count, to);
    case Sample::f16:
      for (std::size_t i = 0; i < count; ++i)
        to[i] = half_to_float(InputFile::number<std::uint16_t>(from + 2 * i, order));
      return;
  }
}

std::uint64_t bytes_of(std::uint64_t rows, std::uint64_t cols, Sample sample) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  const std::uint64_t row_bytes = cols <= most / size_of(sample) ? cols * size_of(sample) : most;
  if (rows != 0 && row_bytes > most / rows)
    throw InputError("damaged: its header claims " + std::to_string(rows) + " x " + std::to_string(cols) + " px");
  return rows * row_bytes;
}

cv::Mat read_raster(const InputFile& file, const Raster& raster) {
  const auto row_bytes = static_cast<std::size_t>(raster.cols) * size_of(raster.sample);
  file.require(
      raster.offset,
      bytes_of(static_cast<std::uint64_t>(raster.rows), static_cast<std::uint64_t>(raster.cols), raster.sample),
      "the image");
  cv::Mat pixels(raster.rows, raster.cols, CV_32FC1);
  const int block = std::max(1, static_cast<int>((std::size_t{1} << 20) / std::max<std::size_t>(row_bytes, 1)));
  std::vector<unsigned char> bytes(row_bytes * static_cast<std::size_t>(std::min(block, raster.rows)));
  for (int row = 0; row < raster.rows; row += block) {
    const auto rows = static_cast<std::size_t>(std::min(block, raster.rows - row));
    file.read(raster.offset + static_cast<std::uint64_t>(row) * row_bytes, bytes.data(), rows * row_bytes, "the image");
    to_float(bytes.data(), raster.sample, raster.order, rows * static_cast<std::size_t>(raster.cols),
             pixels.ptr<float>(row));
  }
  return pixels;
}

void check_size(std::uint64_t rows, std::uint64_t cols, std::uint64_t max_pixels) {
  const std::string size = std::to_string(rows) + " x " + std::to_string(cols) + " px";
  if (rows == 0 || cols == 0) throw InputError("the image is empty: " + size);
  constexpr std::uint64_t side = std::numeric_limits<int>::max();
  if (rows > side || cols > side || rows > max_pixels / cols)
    throw InputError("the image has " + size + ", above the limit of " + std::to_string(max_pixels) +
                     " pixels; raise --max-pixels if that is meant");
}

void check_expansion(std::uint64_t decoded_bytes, std::uint64_t file_bytes) {
  constexpr std::uint64_t most_per_byte = 1200, small = 1 << 20;  // deflate reaches 1,032
  if (decoded_bytes > small && decoded_bytes / most_per_byte > file_bytes)
    throw InputError("damaged: it claims an image of " + std::to_string(decoded_bytes) + " bytes in a file of " +
                     std::to_string(file_bytes));
}

cv::Mat read_frames(const DatasetInfo& info, std::optional<int> frame, const std::function<cv::Mat(int)>& read_frame) {
  if (frame && (*frame < 0 || *frame >= info.frames))
    throw InputError("there is no frame " + std::to_string(*frame) + ": the dataset \"" + info.name + "\" has " +
                     std::to_string(info.frames) +
                     (info.frames == 1 ? " frame, number 0" : " frames, 0 to " + std::to_string(info.frames - 1)));
  if (frame || info.frames == 1) return read_frame(frame.value_or(0));
  cv::Mat sum(info.rows, info.cols, CV_64FC1, cv::Scalar(0));
  for (int i = 0; i < info.frames; ++i) {
    const cv::Mat pixels = read_frame(i);
    for (int row = 0; row < sum.rows; ++row) {
      const float* from = pixels.ptr<float>(row);
      double* to = sum.ptr<double>(row);
      for (int col = 0; col < sum.cols; ++col) to[col] += static_cast<double>(from[col]);
    }
  }
  cv::Mat mean;
  sum.convertTo(mean, CV_32FC1, 1.0 / info.frames);
  return mean;
}

void require_image(const DatasetInfo& info) {
  if (!info.image) throw InputError("the dataset \"" + info.name + "\" is not an image: " + info.reason);
}

void require_dataset(std::size_t index, std::size_t count) {
  if (index >= count)
    throw InputError("there is no dataset " + std::to_string(index) + ": the file has " + std::to_string(count));
}

}  // namespace metamict
