// SPDX-License-Identifier: GPL-3.0-or-later
// What tells two textures apart: the frequencies where their spectra differ, and their amplitudes around every pixel.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace metamict {

struct Frequency {
  double x, y;  ///< cycles per pixel
};

/// The (at most six) frequencies where the amplitude spectra of windows of two periods around places of two regions
/// differ most, by Fisher's ratio of difference to variance, between 0.6 and 2.6 cycles a period; fewer where less
/// differs. grey: CV_32F.
std::vector<Frequency> telling_frequencies(const cv::Mat& grey, const std::vector<cv::Point>& places_a,
                                           const std::vector<cv::Point>& places_b, double period_px);

/// Local amplitude at a frequency under a Gaussian window, CV_32F.
cv::Mat amplitude_at(const cv::Mat& grey, Frequency frequency, double sigma_px);

/// Local mean under a Gaussian window, CV_32F.
cv::Mat blurred(const cv::Mat& grey, double sigma_px);

}  // namespace metamict
