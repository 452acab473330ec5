// SPDX-License-Identifier: GPL-3.0-or-later
// Tells two textures apart by the frequencies where their spectra differ, and by their power around
// every pixel.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace metamict {

/// Returns up to six frequencies (cycles per pixel) at which two regions of `grey` (CV_32F) differ
/// most, by Fisher's ratio of difference to variance of their amplitude spectra. A spectrum is that
/// of a window, two periods wide, around one of the given places. The frequencies lie between 0.6
/// and 2.6 cycles per period.
std::vector<cv::Point2d> telling_frequencies(const cv::Mat& grey,
                                             const std::vector<cv::Point>& places_a,
                                             const std::vector<cv::Point>& places_b,
                                             double period_px);

/// Local power at the frequency g (cycles per pixel) under a Gaussian window: |window * (grey e^(-2
/// pi i g r))|^2. The result is CV_32F.
cv::Mat power_at(const cv::Mat& grey, cv::Point2d frequency, double sigma_px);

/// The local mean under a Gaussian window, CV_32F.
cv::Mat blurred(const cv::Mat& grey, double sigma_px);

}  // namespace metamict
