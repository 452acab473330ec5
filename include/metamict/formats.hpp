// SPDX-License-Identifier: GPL-3.0-or-later
// The table of file formats behind load_micrograph: one reader per format, a later one joins with
// one line.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <opencv2/core.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metamict/progress.hpp"

namespace metamict {

/// The channels of a spectrum image: at each of its rows x cols places one count an energy.
struct Channels {
  int count = 0;
  double first = 0, step = 1;  ///< energy of channel 0 and from one to the next, in `unit`
  std::string unit;            ///< "eV", "keV"; empty where the file does not say
};

/// What is known of one dataset of a file without keeping its pixels.
struct DatasetInfo {
  std::string name;  ///< as the file calls it; "image" where it has no name
  int rows = 0, cols = 0;
  int frames = 1;
  std::string dtype;  ///< as stored: "uint16", "float32", "complex64", "rgb8", ...
  std::optional<std::array<double, 2>> nm_per_pixel;  ///< y, x
  std::string pixel_size_source = "unknown";
  bool image = true;   ///< false for spectra, complex, colour where refused, diffraction
  std::string reason;  ///< why it is not an image (one clause), empty otherwise
  Notes notes;         ///< what reading its description had to decide
  std::optional<std::array<double, 2>> origin_nm = {};  ///< y, x of the first pixel, where said
  std::vector<std::string> frame_names = {};  ///< of the elements that frames map, where said
  std::optional<Channels> channels = {};      ///< of a spectrum image that read_spectra reads
};

/// One dataset with its pixels: CV_32FC1, in the file's own grey values (a 32-bit integer keeps 24
/// significant bits); CV_64FC1 where labels were asked for.
struct RawImage {
  DatasetInfo info;
  cv::Mat pixels;
  Notes notes;
};

struct ReadRequest {
  std::filesystem::path path;
  std::size_t dataset = 0;       ///< index into list()
  std::optional<int> frame = 0;  ///< unset = mean of all frames
  std::uint64_t max_pixels = 0;  ///< checked against the header before allocating
  bool labels = false;  ///< whole numbers exactly, as CV_64FC1, and a palette's indices instead of
                        ///< its colours
};

/// One file format. The functions throw InputError; every count in a file is checked against the
/// file's size before anything is allocated.
struct Format {
  std::string_view name;  ///< "TIFF"
  bool (*recognise)(std::span<const unsigned char> head,
                    const std::filesystem::path& path);  ///< from the first 4096 bytes
  /// Every dataset under a name of its own: a second "HAADF" is "HAADF#2".
  std::vector<DatasetInfo> (*list)(const std::filesystem::path& path, std::uint64_t max_pixels);
  RawImage (*read)(const ReadRequest& request);
};

/// Every format, in the order in which they are asked.
std::span<const Format> formats();

/// The format of a file by its content; throws InputError ("unsupported format", missing, empty, a
/// folder).
const Format& recognise_format(const std::filesystem::path& path);

/// Index of the dataset that load_micrograph takes: `wanted` by name (exact), by number from 1, or
/// by detector (case-insensitive part of a name), else HAADF, else the first image. Throws
/// InputError when there is none.
std::size_t choose_dataset(const std::vector<DatasetInfo>& datasets, const std::string& wanted);

/// Hands over the counts of a spectrum image row by row: [cols x channels], the channels of one
/// place side by side. Throws InputError for a dataset that is none and for more than `max_pixels`
/// places.
void read_spectra(const std::filesystem::path& path, std::size_t dataset, std::uint64_t max_pixels,
                  const std::function<void(std::span<const float>)>& take_row);

/// The numbers of the first image of a file, as label images, masks and strokes hold them. Where it
/// has a palette they are the indices. Throws InputError.
cv::Mat read_numbers(const std::filesystem::path& path, std::uint64_t max_pixels);

}  // namespace metamict
