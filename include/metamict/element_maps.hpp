// SPDX-License-Identifier: GPL-3.0-or-later
// Element maps tell how many X-rays of each element came from each place of a micrograph.
#pragma once

#include <cstdint>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metamict/progress.hpp"

namespace metamict {

struct Micrograph;

/// The principal components of a spectrum image, with Poisson scaling. A place's score in a
/// component is the sum over channels of (its share of counts - mean share) / sqrt(mean share) x
/// loading; counting makes noise of variance 1 / counts of it.
struct SpectrumComponents {
  std::vector<double> energy;                 ///< of the middle of each channel, in `unit`
  std::string unit;                           ///< empty where not known
  std::vector<double> mean;                   ///< share of all counts in each channel
  std::vector<std::vector<double>> loadings;  ///< of each component, of length 1 over the channels
  int above_noise = 0;        ///< how many components stand out of the noise of counting
  std::vector<cv::Mat> half;  ///< ElementMaps::counts by every second channel alone
  cv::Mat half_all;           ///< ElementMaps::all by every second channel alone
};

/// What a part of the micrograph counts.
struct CountedPart {
  std::vector<double> each;  ///< of every map
  double all = 0;            ///< X-rays
};

/// One image an element, all of one size, with the part of the micrograph that they cover. A
/// spectrum image gives one image a component instead.
struct ElementMaps {
  std::vector<std::string> elements;
  std::vector<cv::Mat> counts;  ///< CV_32FC1, not below 0; values of another unit are divided by
                                ///< what one count adds to them. Of a component: score x counts
  cv::Mat all;                  ///< CV_32FC1, X-rays of each pixel; without spectra sum_up sets it
  bool counted = true;          ///< whether the files hold whole counts
  std::shared_ptr<const SpectrumComponents> spectra;  ///< where the maps are its components
  cv::Rect2d field;  ///< in pixels of the micrograph; may reach beyond it

  /// The counts of one element over a part of the micrograph. A pixel of the maps that lies in it
  /// in part counts in part: nothing is interpolated.
  double count_in(std::size_t element, const cv::Rect2d& part_px) const;

  /// The counts of all maps over a part of the micrograph.
  CountedPart counts_in(const cv::Rect2d& part_px) const;

  /// How much of a part of the micrograph the maps cover, from 0 to 1.
  double cover(const cv::Rect2d& part_px) const;

  /// Sums over all pixels above and left, one an element: what count_in reads. Must be called once
  /// counts are set.
  void sum_up();

 private:
  std::vector<cv::Mat> sums_;  // CV_64FC1, (rows + 1) x (cols + 1)
  cv::Mat sum_of_all_;
  double sum_in(const cv::Mat& sum, const cv::Rect2d& part_px) const;
};

/// The maps of a micrograph that is mirrored, with OpenCV's code for the axis.
ElementMaps mirrored(const ElementMaps& maps, int code, cv::Size micrograph);

/// Every count kept by the toss of a coin: the maps of half the dose. Of spectra every second
/// channel is kept instead.
ElementMaps thinned(const ElementMaps& maps, std::uint64_t seed);

/// A length in pixels of the micrograph, or in nm.
struct MapsLength {
  double value = 0;
  bool in_nm = false;
};

/// Where the maps are and how they lie on the micrograph.
struct MapsOptions {
  /// One file that holds all maps or a spectrum image, `EL=FILE,EL=FILE`, or `EL,EL,EL=FILE` for
  /// the frames of a stack. Empty = no maps.
  std::string files;
  std::optional<std::pair<MapsLength, MapsLength>>
      offset;                       ///< x, y of the maps' upper left corner in the micrograph
  std::optional<MapsLength> scale;  ///< edge of a pixel of the maps
};

/// The files that `MapsOptions::files` names, for who keeps a record of inputs. Throws UsageError.
std::vector<std::string> files_of_maps(const std::string& text);

/// Reads the maps and lays them on the micrograph: by the sizes of their pixels and by offsets that
/// the files or the options give; maps of the micrograph's own size lie on it pixel by pixel.
/// Throws InputError where it is not known how they lie, UsageError for a text that names no files.
ElementMaps load_element_maps(const MapsOptions& options, const Micrograph& micrograph,
                              std::uint64_t max_pixels, Notes& notes);

}  // namespace metamict
