// SPDX-License-Identifier: GPL-3.0-or-later
// The averaged local power spectrum of an image, and the sharp peaks in it.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace metamict {

/// The mean over tiles of log(1 + power over the tile's own background): every tile counts alike,
/// whatever its brightness or contrast. Symmetric; bin (x, y) of the spectrum is at column x +
/// reach, row y + reach.
struct LocalSpectrum {
  int tile_px = 0;  ///< one bin is 1 / tile_px cycles a pixel
  int reach = 0;    ///< largest frequency, in bins
  float floor = 0,
        noise = 0;  ///< median and standard deviation of the heights where there is no peak
  cv::Mat height;   ///< CV_32FC1, (2 reach + 1) squared; empty when the image has no tile with any
                    ///< contrast
};

struct SpectrumPeak {
  cv::Point2d at;  ///< in bins; one of each pair +g, -g
  double z =
      0;  ///< height over the background around it, in standard deviations of that background
};

/// Tiles overlap by two thirds where the image is small enough; else as many as cover an edge of
/// `cover_px` side by side (three at least) are spread evenly.
LocalSpectrum local_spectrum(const cv::Mat& pixels, int tile_px, double highest_frequency,
                             int cover_px);

/// Whether the image is more than a smooth surface rounded to whole grey values.
bool has_texture(const cv::Mat& pixels);

/// Compact maxima at least `lowest_bin` from the centre with z of 3 or more, highest first.
std::vector<SpectrumPeak> find_peaks(const LocalSpectrum& spectrum, double lowest_bin);

}  // namespace metamict
