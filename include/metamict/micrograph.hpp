// SPDX-License-Identifier: GPL-3.0-or-later
// A micrograph holds grey, finite float pixels, and the size of a pixel where the file tells it.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metamict/element_maps.hpp"
#include "metamict/progress.hpp"

namespace metamict {

/// Edges of a pixel in nm.
struct PixelSize {
  double height_nm = 0, width_nm = 0;
};

/// From the edge of a square of a pixel's area, and the height of a pixel over its width.
std::optional<PixelSize> pixel_size(std::optional<double> nm_per_pixel, double pixel_aspect);

struct Micrograph {
  std::filesystem::path path;  ///< where it came from
  std::string sha256;          ///< of the whole file, lower-case hex
  cv::Mat pixels;  ///< CV_32FC1, finite; raw grey values as stored, never crushed to 8 bit
  std::optional<double> nm_per_pixel;  ///< edge of a square of a pixel's area; unset when unknown
  double pixel_aspect = 1;             ///< height of a pixel over its width; 1 = square, or unknown
  std::string pixel_size_source;       ///< "ImageJ tags", "given", "unknown", ...
  std::string dataset;  ///< name of the dataset inside the file, empty where there is only one
  double scale = 1.0;   ///< pixels of `pixels` per pixel of the file (to_canonical_scale sets it)
  cv::Size input_size;  ///< columns x rows of the file's image
  cv::Point origin{};   ///< of a crop in the file's image
  std::optional<int> mirrored;   ///< with OpenCV's code, where this is a look at a mirrored image
  std::optional<cv::Rect> crop;  ///< the only part of the image that is looked at
  cv::Mat mask;  ///< CV_8UC1 of the image's size, 0 = not looked at; empty = all is looked at
  std::optional<std::array<double, 2>> origin_nm;  ///< y, x of the first pixel on the stage
  std::shared_ptr<const ElementMaps> maps;         ///< of the same place; none = not given
  Notes notes;                                     ///< what reading had to decide

  std::optional<PixelSize> pixel_size() const {
    return metamict::pixel_size(nm_per_pixel, pixel_aspect);
  }
};

struct LoadOptions {
  std::string dataset;  ///< name or detector; empty = HAADF if there is one, else the first image
  std::string frame = "0";             ///< frame of a stack: an index from 0, or "mean"
  std::optional<double> nm_per_pixel;  ///< overrides the file's pixel size
  std::optional<cv::Rect> crop;        ///< looks at this part only, in pixels of the image
  std::filesystem::path mask;          ///< an image of the same size; its 0 is not looked at
  std::vector<cv::Rect> hidden;        ///< parts that are not looked at, in pixels of the image
  MapsOptions maps;                    ///< element maps of the same place
  std::uint64_t max_pixels = std::uint64_t{1}
                             << 28;  ///< larger images are refused before any allocation
  void check() const;                ///< throws UsageError
};

/// Reads one image of a file through the table of formats (formats.hpp). Throws InputError with one
/// sentence when the file is missing, empty, cut short or of an unknown format; when it holds no
/// image (but a spectrum, complex numbers or a diffraction pattern); and when the image is constant
/// or holds NaN or infinite pixels.
Micrograph load_micrograph(const std::filesystem::path& path, const LoadOptions& options = {});

/// The part that is looked at, as an image of its own.
Micrograph cropped(const Micrograph& micrograph);

/// The pixels, with the mean of the others where the mask hides them.
cv::Mat without_hidden(const Micrograph& micrograph);

/// Clips the micrograph at its 0.1 and 99.9 percentiles and scales it to mean 0 and standard
/// deviation 1. All chips are scaled alike, so that grey differences between regions survive
/// (method: section 1). What the mask hides has no say, and becomes 0.
Micrograph standardise(const Micrograph& micrograph);

/// Factors that make pixels squares of the same area: x for columns, y for rows.
cv::Point2d to_square_pixels(double pixel_aspect);

/// The micrograph in real proportions: its pixels become squares of the same area. A square one is
/// returned as it is.
Micrograph with_square_pixels(const Micrograph& micrograph);

/// Resamples the micrograph once, to square pixels, so that `chip_px` of them (may be fractional)
/// become `encoder_px`. Shrinking averages areas, enlarging is cubic. `scale` is multiplied by the
/// factor. Rows and columns are rounded to the nearest pixel. Where pixels are square, a factor
/// within 1e-3 of 1 returns the image unchanged.
Micrograph to_canonical_scale(const Micrograph& micrograph, double chip_px, int encoder_px);

}  // namespace metamict
