// SPDX-License-Identifier: GPL-3.0-or-later
// Lattices that explain the peaks of a spectrum.
#pragma once

#include <opencv2/core.hpp>
#include <vector>

#include "metamict/lattice.hpp"

namespace metamict {

/// A lattice by its two shortest independent reciprocal vectors, in cycles a pixel, |g1| <= |g2|.
struct ReciprocalLattice {
  cv::Point2d g1, g2;
  double confidence =
      0;  ///< mean height of the two peaks, in standard deviations of the background around them

  double period_px() const;
  /// The two shortest independent translations of the crystal, in pixels.
  std::pair<cv::Point2d, cv::Point2d> translations_px() const;
};

/// The lattices seen in the image, the one that covers most first; at most `most`. Grains of one
/// crystal in several orientations are several lattices.
std::vector<ReciprocalLattice> find_lattices(const cv::Mat& pixels, const LatticeOptions& options,
                                             int most);

/// Every lattice that fits some of the peaks of the image's spectra; the first is the one that fits
/// best. Peaks of two grains fit lattices that neither has: these have to be told by the image
/// itself.
std::vector<ReciprocalLattice> lattices_of_spectra(const cv::Mat& pixels,
                                                   const LatticeOptions& options);

}  // namespace metamict
