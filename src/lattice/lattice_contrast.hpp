// SPDX-License-Identifier: GPL-3.0-or-later
// How strongly the lattice modulates the image at each pixel: finer than a chip, for borders.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "lattice/lattice_search.hpp"

namespace metamict {

/// The standard deviation of the Gaussian window, in periods of the lattice.
constexpr double lattice_window_periods = 0.5;

/// Power of one lattice reflection about each pixel (a Gaussian window half a period wide) less the
/// mean power at equally high frequencies between the reflections, so that noise and speckle of any
/// strength give 0 in the mean. CV_32FC1, may be negative.
struct ReflectionPower {
  cv::Point2d g;  ///< cycles a pixel
  cv::Mat power;
};

/// The reflections of `lattice` up to the sums and differences of its two vectors, without those
/// within 20 degrees of `across` (a unit vector): edges of layers across it would be taken for
/// lattice planes.
std::vector<ReflectionPower> measure_reflections(const cv::Mat& pixels,
                                                 const ReciprocalLattice& lattice,
                                                 cv::Point2d across);

/// Square root of the mean power, with its sign: linear in the share of the thickness that is
/// crystal.
cv::Mat lattice_amplitude(const std::vector<const ReflectionPower*>& reflections);

}  // namespace metamict
