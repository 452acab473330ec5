// SPDX-License-Identifier: GPL-3.0-or-later
// What reports tell of a composition: of chips, of regions, along a line, and where the two
// witnesses disagree.
#pragma once

#include <string>
#include <vector>

#include "metamict/result.hpp"

namespace metamict {

/// The composition across the image, along the direction in which it changes most.
struct CompositionProfile {
  double direction_deg = 0;  ///< clockwise from the image's x axis, 0 to 180
  double step_px = 0;        ///< width of a slice
  struct Slice {
    double position_px = 0;  ///< of its middle, from the image's corner that lies first
    double counts = 0;
    std::vector<Share> shares;
  };
  std::vector<Slice> slices;  ///< those that hold counts
};

/// A slice is half a chip wide, or a pixel of the maps where that is wider.
CompositionProfile composition_profile(const Result& result);

/// The shares of the elements in each chip; zeros where the maps do not reach.
std::vector<std::vector<Share>> chip_shares(const Result& result);

/// Of each chip the share of its neighbours, up to one chip away, that one witness puts into its
/// region and the other does not.
std::vector<float> disagreement(const Result& result);

/// composition.csv: of every rule, region and element the mean share and its standard deviation.
std::string composition_csv(const Result& result);

/// spectra.csv, of a spectrum image: a row a channel; the share of counts in it, of the image and
/// of each region of the primary rule by its scores; and the components' loadings.
std::string spectra_csv(const Result& result);

/// composition_profile.csv: a row a slice and element.
std::string composition_profile_csv(const Result& result);

}  // namespace metamict
