// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/samples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31)
    return fraction != 0 ? std::numeric_limits<float>::quiet_NaN()
                         : sign * std::numeric_limits<float>::infinity();
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

// A finite double that float cannot hold must not become infinite or vanish without a word.
float narrow(double value) {
  constexpr double most = std::numeric_limits<float>::max();
  if (std::abs(value) > most && std::isfinite(value))
    throw InputError(
        "holds " + shortest(value) +
        ", which is outside the range of float32 (3.4e38): divide the pixels by a constant first");
  return static_cast<float>(value);
}

template <typename From, typename To>
void convert(const unsigned char* from, std::endian order, std::size_t count, To* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const From value = InputFile::number<From>(from + i * sizeof(From), order);
    if constexpr (std::is_same_v<From, double> && std::is_same_v<To, float>)
      to[i] = narrow(value);
    else
      to[i] = static_cast<To>(value);
  }
}

// Where every number is too small for float the image would be one of zeros.
void refuse_vanished(const cv::Mat& pixels, Sample sample, const unsigned char* last_row,
                     std::endian order) {
  if (sample != Sample::f64 || pixels.depth() != CV_32F || cv::norm(pixels, cv::NORM_INF) != 0)
    return;
  for (int col = 0; col < pixels.cols; ++col)
    if (const auto value = InputFile::number<double>(
            last_row + sizeof(double) * static_cast<std::size_t>(col), order);
        value != 0 && std::isfinite(value))
      throw InputError("holds numbers as small as " + shortest(value) +
                       ", which is outside the range of float32 (1.4e-45): multiply the pixels by "
                       "a constant first");
}

}  // namespace

template <typename To>
void to_numbers(const unsigned char* from, Sample sample, std::endian order, std::size_t count,
                To* to) {
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
template void to_numbers(const unsigned char*, Sample, std::endian, std::size_t, float*);
template void to_numbers(const unsigned char*, Sample, std::endian, std::size_t, double*);

std::uint64_t bytes_of(std::uint64_t rows, std::uint64_t cols, Sample sample) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  const std::uint64_t row_bytes = cols <= most / size_of(sample) ? cols * size_of(sample) : most;
  if (rows != 0 && row_bytes > most / rows)
    throw InputError("damaged: its header claims " + std::to_string(rows) + " x " +
                     std::to_string(cols) + " px");
  return rows * row_bytes;
}

cv::Mat read_raster(const InputFile& file, const Raster& raster) {
  const auto row_bytes = static_cast<std::size_t>(raster.cols) * size_of(raster.sample);
  file.require(raster.offset,
               bytes_of(static_cast<std::uint64_t>(raster.rows),
                        static_cast<std::uint64_t>(raster.cols), raster.sample),
               "the image");
  cv::Mat pixels(raster.rows, raster.cols, raster.exact ? CV_64FC1 : CV_32FC1);
  const int block =
      std::max(1, static_cast<int>((std::size_t{1} << 20) / std::max<std::size_t>(row_bytes, 1)));
  std::vector<unsigned char> bytes(row_bytes *
                                   static_cast<std::size_t>(std::min(block, raster.rows)));
  for (int row = 0; row < raster.rows; row += block) {
    const auto rows = static_cast<std::size_t>(std::min(block, raster.rows - row));
    const std::size_t count = rows * static_cast<std::size_t>(raster.cols);
    file.read(raster.offset + static_cast<std::uint64_t>(row) * row_bytes, bytes.data(),
              rows * row_bytes, "the image");
    if (raster.exact)
      to_numbers(bytes.data(), raster.sample, raster.order, count, pixels.ptr<double>(row));
    else
      to_numbers(bytes.data(), raster.sample, raster.order, count, pixels.ptr<float>(row));
  }
  refuse_vanished(pixels, raster.sample, bytes.data(), raster.order);
  return pixels;
}

void check_size(std::uint64_t rows, std::uint64_t cols, std::uint64_t max_pixels) {
  const std::string size = std::to_string(rows) + " x " + std::to_string(cols) + " px";
  if (rows == 0 || cols == 0) throw InputError("the image is empty: " + size);
  constexpr std::uint64_t side = std::numeric_limits<int>::max();
  if (rows > side || cols > side || rows > max_pixels / cols)
    throw InputError("the image has " + size + ", above the limit of " +
                     std::to_string(max_pixels) + " pixels; raise --max-pixels if that is meant");
}

void check_expansion(std::uint64_t decoded_bytes, std::uint64_t file_bytes) {
  constexpr std::uint64_t most_per_byte = 1200, small = 1 << 20;  // deflate reaches 1,032
  if (decoded_bytes > small && decoded_bytes / most_per_byte > file_bytes)
    throw InputError("damaged: it claims an image of " + std::to_string(decoded_bytes) +
                     " bytes in a file of " + std::to_string(file_bytes));
}

cv::Mat read_frames(const DatasetInfo& info, std::optional<int> frame,
                    const std::function<cv::Mat(int)>& read_frame) {
  if (frame && (*frame < 0 || *frame >= info.frames))
    throw InputError("there is no frame " + std::to_string(*frame) + ": the dataset \"" +
                     info.name + "\" has " + std::to_string(info.frames) +
                     (info.frames == 1 ? " frame, number 0"
                                       : " frames, 0 to " + std::to_string(info.frames - 1)));
  if (frame || info.frames == 1) return read_frame(frame.value_or(0));
  cv::Mat sum(info.rows, info.cols, CV_64FC1, cv::Scalar(0)), frame_pixels;
  for (int i = 0; i < info.frames; ++i) {
    const cv::Mat pixels = read_frame(i);
    pixels.convertTo(frame_pixels, CV_64F);
    sum += frame_pixels;
  }
  cv::Mat mean;
  sum.convertTo(mean, CV_32FC1, 1.0 / info.frames);
  return mean;
}

void require_image(const DatasetInfo& info) {
  if (!info.image)
    throw InputError("the dataset \"" + info.name + "\" is not an image: " + info.reason);
}

void require_dataset(std::size_t index, std::size_t count) {
  if (index >= count)
    throw InputError("there is no dataset " + std::to_string(index) + ": the file has " +
                     std::to_string(count));
}

Notes orientation_notes(int orientation) {
  if (orientation <= 1 || orientation > 8) return {};
  return {"the file asks for a rotated or mirrored display (orientation " +
          std::to_string(orientation) + "): rows and columns are as stored, in every output"};
}

}  // namespace metamict
