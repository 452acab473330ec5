// SPDX-License-Identifier: GPL-3.0-or-later
// What tells two textures apart: the frequencies where their spectra differ, and their amplitudes around every pixel.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

namespace metamict {

/// In cycles per pixel: the (at most six) frequencies where the amplitude spectra of windows of two periods around
/// places of two regions differ most, by Fisher's ratio of difference to variance, between 0.6 and 2.6 cycles a period;
/// fewer where less differs. grey: CV_32F.
std::vector<cv::Point2d> telling_frequencies(const cv::Mat& grey, const std::vector<cv::Point>& places_a,
                                             const std::vector<cv::Point>& places_b, double period_px);

/// Local power at a frequency g (cycles per pixel) under a Gaussian window: |window * (grey e^(-2 pi i g r))|^2,
/// CV_32F.
cv::Mat power_at(const cv::Mat& grey, cv::Point2d frequency, double sigma_px);

/// Local mean under a Gaussian window, CV_32F.
cv::Mat blurred(const cv::Mat& grey, double sigma_px);

}  // namespace metamict
