// SPDX-License-Identifier: GPL-3.0-or-later
// From numbers as files store them to float pixels; the checks of size and frame that every reader
// shares.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <opencv2/core.hpp>
#include <string>

#include "formats/bytes/input_file.hpp"
#include "formats/bytes/sample.hpp"
#include "metamict/formats.hpp"

namespace metamict {

/// `count` numbers at `from`, in the given byte order, as float or double. Throws InputError for a
/// finite number that float cannot hold.
template <typename To>
void to_numbers(const unsigned char* from, Sample sample, std::endian order, std::size_t count,
                To* to);

/// Bytes of rows x cols samples; throws InputError when that is no number a file can have.
std::uint64_t bytes_of(std::uint64_t rows, std::uint64_t cols, Sample sample);

/// Where an uncompressed image lies in its file.
struct Raster {
  std::uint64_t offset = 0;
  int rows = 0, cols = 0;
  Sample sample = Sample::u8;
  std::endian order = std::endian::little;
  bool exact = false;  ///< as CV_64FC1, which holds whole numbers to 2^53
};
/// Reads it in blocks, so that no second copy of the image is held. Throws InputError when the file
/// ends before it.
cv::Mat read_raster(const InputFile& file, const Raster& raster);

/// Throws InputError unless 1 <= rows, cols and rows * cols <= max_pixels.
void check_size(std::uint64_t rows, std::uint64_t cols, std::uint64_t max_pixels);

/// Throws InputError when so much decoded data cannot come out of a compressed file of this size.
void check_expansion(std::uint64_t decoded_bytes, std::uint64_t file_bytes);

/// The frame that was asked for, or the mean of all of them (summed in double). Throws InputError
/// when there is none such.
cv::Mat read_frames(const DatasetInfo& info, std::optional<int> frame,
                    const std::function<cv::Mat(int)>& read_frame);

/// Throws InputError with the dataset's reason when it is not an image.
void require_image(const DatasetInfo& info);

/// Throws InputError unless the file has a dataset of this index.
void require_dataset(std::size_t index, std::size_t count);

/// What is said of an EXIF or TIFF orientation other than 1; the pixels stay as stored in every
/// output.
Notes orientation_notes(int orientation);

/// How readers make colour grey: the usual luma of red, green and blue.
constexpr double luma[3] = {0.299, 0.587, 0.114};

}  // namespace metamict
