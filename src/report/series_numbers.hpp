// SPDX-License-Identifier: GPL-3.0-or-later
// What is measured of one image of a series, by the names that every file of the series uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metamict/series.hpp"

namespace metamict {

/// Whether a warning speaks against the image's numbers, so that they are not given.
bool is_in_doubt(const SeriesMember& member);

/// One number of the amorphous front. It has no value where the image has no pixel size, or
/// where it is in doubt.
struct Quantity {
  std::string name;  ///< with its unit: "front_depth_nm_mean"
  std::optional<Measured> value;
};

/// All numbers of the front, in the order of the files' columns; 0 where the image shows no film.
std::vector<Quantity> quantities(const SeriesMember& member);

/// The value and its uncertainty in another unit.
Measured scaled(const Measured& measured, double factor);

/// What the dose does not change: an image that steps out has a wrong border, pixel size or view.
struct SteadyNumber {
  std::string name;  ///< as a column of series.csv
  std::optional<double> value;
};
std::vector<SteadyNumber> steady_numbers(const SeriesMember& member);

/// front_depth_limit_px in nm. Nothing where the pixel size is not known.
std::optional<double> front_depth_limit_nm(const SeriesMember& member);

/// How many images of the series have this image's dose.
int replicates_of(const SeriesMember& member, const Series& series);

/// 0 where the image does not have the label.
std::uint64_t area_of(const SeriesMember& member, int label);

}  // namespace metamict
