// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/hdf5/child/pixels.hpp"

#include <liblzf/lzf.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

#include "metamict/errors.hpp"

namespace metamict::hdf5 {

namespace {

constexpr H5Z_filter_t lzf_filter = 32000;

struct FilterName {
  H5Z_filter_t number;
  const char* name;
};
constexpr FilterName filter_names[] = {
    {305, "LZO"},   {307, "bzip2"},       {4, "szip"},    {6, "scale-offset"},
    {32000, "LZF"}, {32001, "Blosc"},     {32004, "LZ4"}, {32008, "bitshuffle"},
    {32013, "ZFP"}, {32015, "Zstandard"}, {32017, "SZ"},  {32026, "Blosc2"}};

// HDF5's contract for filters: takes a buffer of `*size` bytes that malloc gave, gives one back; 0
// is failure. The third number of the filter is the chunk's size, which nothing that is unpacked
// may exceed.
std::size_t unpack_lzf(unsigned flags, std::size_t count, const unsigned* values, std::size_t bytes,
                       std::size_t* size, void** buffer) {
  constexpr std::size_t most = std::size_t{1} << 31;
  if ((flags & H5Z_FLAG_REVERSE) == 0 || count < 3 || values[2] == 0 || values[2] > most) return 0;
  void* const unpacked = std::malloc(values[2]);
  if (unpacked == nullptr) return 0;
  const unsigned got = lzf_decompress(*buffer, static_cast<unsigned>(bytes), unpacked, values[2]);
  if (got == 0) {
    std::free(unpacked);
    return 0;
  }
  std::free(*buffer);
  *buffer = unpacked;
  *size = values[2];
  return got;
}

void check_filters(hid_t layout) {
  for (int i = 0; i < H5Pget_nfilters(layout); ++i) {
    std::size_t numbers = 0;
    unsigned flags = 0, config = 0;
    const H5Z_filter_t filter = H5Pget_filter2(layout, static_cast<unsigned>(i), &flags, &numbers,
                                               nullptr, 0, nullptr, &config);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    const auto* const known =
        std::find_if(std::begin(filter_names), std::end(filter_names),
                     [&](const auto& entry) { return entry.number == filter; });
    throw InputError("compressed with " +
                     (known == std::end(filter_names) ? std::string("a filter") : known->name) +
                     " (HDF5 filter " + std::to_string(filter) +
                     "), which is not supported: save it with gzip");
  }
}

// Set by the conversion below when a finite number was too large.
bool out_of_range = false;

H5T_conv_ret_t note_range(H5T_conv_except_t what, hid_t, hid_t, void*, void*, void*) {
  if (what == H5T_CONV_EXCEPT_RANGE_HI || what == H5T_CONV_EXCEPT_RANGE_LOW) out_of_range = true;
  return H5T_CONV_UNHANDLED;
}

template <typename T>
void convert(hid_t dataset, hid_t memory_space, hid_t file_space, std::vector<T>& pixels) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  if (H5Tget_class(type) == H5T_ENUM || H5Tget_class(type) == H5T_BITFIELD) {
    std::vector<unsigned char> bytes(pixels.size());
    if (H5Dread(dataset, type, memory_space, file_space, H5P_DEFAULT, bytes.data()) < 0)
      throw InputError("truncated or damaged: " + complaint());
    std::copy(bytes.begin(), bytes.end(), pixels.begin());
    return;
  }
  const Handle transfer(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  H5Pset_type_conv_cb(transfer, note_range, nullptr);
  const hid_t memory = std::is_same_v<T, float> ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  out_of_range = false;
  if (H5Dread(dataset, memory, memory_space, file_space, transfer, pixels.data()) < 0)
    throw InputError("truncated or damaged: " + complaint());
  if (out_of_range)
    throw InputError(
        "holds numbers outside the range of float32 (3.4e38): divide them by a constant first");
}

// The numbers of a part of the array, in the file's order, as many as `numbers` holds.
template <typename T>
void read_part(hid_t dataset, const std::vector<hsize_t>& start, const std::vector<hsize_t>& count,
               std::vector<T>& numbers) {
  // Of the selection's own shape: to a line of numbers HDF5 goes element by element.
  const Handle file_space(H5Dget_space(dataset), H5Sclose),
      memory_space(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                   H5Sclose);
  if (H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start.data(), nullptr, count.data(),
                          nullptr) < 0 ||
      H5Sget_select_npoints(file_space) != static_cast<hssize_t>(numbers.size()))
    throw InputError("truncated or damaged: " + complaint());
  convert(dataset, memory_space, file_space, numbers);
}

template <typename T>
void read_frame(hid_t dataset, const Image& image, std::uint64_t frame, std::vector<T>& pixels) {
  const auto shape = shape_of(dataset).value_or(std::vector<std::uint64_t>());
  std::vector<hsize_t> start(shape.size(), 0), count(shape.size(), 1);
  if (image.flat) {
    count.assign(shape.begin(), shape.end());
  } else {
    count.at(static_cast<std::size_t>(image.axes.row)) = static_cast<hsize_t>(image.info.rows);
    count.at(static_cast<std::size_t>(image.axes.col)) = static_cast<hsize_t>(image.info.cols);
    if (image.axes.frame >= 0) start.at(static_cast<std::size_t>(image.axes.frame)) = frame;
  }
  read_part(dataset, start, count, pixels);
}

}  // namespace

void register_filters() {
  H5Z_class2_t lzf{};
  lzf.version = H5Z_CLASS_T_VERS;
  lzf.id = lzf_filter;
  lzf.decoder_present = 1;
  lzf.name = "lzf";
  lzf.filter = &unpack_lzf;
  H5Zregister(&lzf);
}

void check_storage(hid_t dataset, std::uint64_t pixels, std::uint64_t file_bytes) {
  constexpr std::uint64_t most_per_byte = 2000;  // deflate reaches 1,032
  H5D_space_status_t status = H5D_SPACE_STATUS_NOT_ALLOCATED;
  const Handle layout(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_layout(layout) == H5D_VIRTUAL || H5Pget_external_count(layout) > 0)
    throw InputError("its pixels lie in another file");
  if (H5Dget_space_status(dataset, &status) < 0 || status == H5D_SPACE_STATUS_NOT_ALLOCATED)
    throw InputError("the dataset was never written: it holds no pixels");
  check_filters(layout);
  const std::uint64_t stored = std::min<std::uint64_t>(H5Dget_storage_size(dataset), file_bytes);
  if (pixels / most_per_byte > stored)
    throw InputError("damaged: it claims " + std::to_string(pixels) + " pixels in " +
                     std::to_string(stored) + " bytes");
}

template <typename T>
std::vector<T> read_pixels(hid_t dataset, const Image& image, std::optional<std::uint64_t> frame) {
  const auto count =
      static_cast<std::size_t>(image.info.rows) * static_cast<std::size_t>(image.info.cols);
  std::vector<T> pixels(count);
  const auto frames = static_cast<std::uint64_t>(image.info.frames);
  if (frame && *frame >= frames)
    throw InputError("there is no frame " + std::to_string(*frame) + ": the dataset \"" +
                     image.info.name + "\" has " + std::to_string(frames) + ", numbered from 0");
  if (frame || frames == 1) {
    read_frame(dataset, image, frame.value_or(0), pixels);
    return pixels;
  }
  std::vector<double> sum(count, 0.0);
  for (std::uint64_t i = 0; i < frames; ++i) {
    read_frame(dataset, image, i, pixels);
    for (std::size_t k = 0; k < count; ++k) sum[k] += static_cast<double>(pixels[k]);
  }
  std::transform(sum.begin(), sum.end(), pixels.begin(),
                 [&](double value) { return static_cast<T>(value / static_cast<double>(frames)); });
  return pixels;
}

std::uint64_t rows_at_once(hid_t dataset, const Image& image) {
  constexpr std::uint64_t most_bytes = 1 << 28;
  const Handle layout(H5Dget_create_plist(dataset), H5Pclose);
  std::uint64_t rows = 1;
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  if (H5Pget_layout(layout) == H5D_CHUNKED &&
      H5Pget_chunk(layout, static_cast<int>(chunk.size()), chunk.data()) > image.axes.row)
    rows = chunk.at(static_cast<std::size_t>(image.axes.row));
  const std::uint64_t row_bytes = sizeof(float) * static_cast<std::uint64_t>(image.info.cols) *
                                  static_cast<std::uint64_t>(image.info.channels->count);
  return std::clamp<std::uint64_t>(rows, 1, std::max<std::uint64_t>(most_bytes / row_bytes, 1));
}

std::vector<float> read_spectra(hid_t dataset, const Image& image, std::uint64_t first,
                                std::uint64_t rows) {
  const auto shape = shape_of(dataset).value_or(std::vector<std::uint64_t>());
  rows = std::min(rows, static_cast<std::uint64_t>(image.info.rows) - first);
  const auto cols = static_cast<std::size_t>(image.info.cols),
             channels = static_cast<std::size_t>(image.info.channels->count);
  std::vector<hsize_t> start(shape.size(), 0), count(shape.size(), 1);
  const auto row = static_cast<std::size_t>(image.axes.row),
             col = static_cast<std::size_t>(image.axes.col),
             channel = static_cast<std::size_t>(image.channel_axis);
  start.at(row) = first;
  count.at(row) = rows;
  count.at(col) = cols;
  count.at(channel) = channels;
  std::vector<float> stored(rows * cols * channels);
  read_part(dataset, start, count, stored);
  // Steps in what was read, whose axes stand in the file's order.
  std::size_t step_row = 1, step_col = 1, step_channel = 1;
  for (const std::size_t axis : {row, col, channel}) {
    if (axis > row) step_row *= count[axis];
    if (axis > col) step_col *= count[axis];
    if (axis > channel) step_channel *= count[axis];
  }
  std::vector<float> ordered(stored.size());
  auto* to = ordered.data();
  for (std::size_t y = 0; y < rows; ++y)
    for (std::size_t x = 0; x < cols; ++x)
      for (std::size_t k = 0; k < channels; ++k)
        *to++ = stored[y * step_row + x * step_col + k * step_channel];
  return ordered;
}

template std::vector<float> read_pixels(hid_t, const Image&, std::optional<std::uint64_t>);
template std::vector<double> read_pixels(hid_t, const Image&, std::optional<std::uint64_t>);

}  // namespace metamict::hdf5
