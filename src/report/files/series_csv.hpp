// SPDX-License-Identifier: GPL-3.0-or-later
// A series as tables (RFC 4180).
#pragma once

#include <string>

#include "metamict/series.hpp"

namespace metamict {

/// series.csv: one line an image, with the numbers of the front, the area of every label, and the
/// columns of the series' own list.
std::string series_csv(const Series& series);

/// front.csv of an image that has a front: one line a place along the film.
std::string front_csv(const SeriesMember& member);
/// profile.csv of an image that has a front: one line a depth, by the lattice and by the regions.
std::string profile_csv(const SeriesMember& member);
/// layers.csv of an image whose growth direction is known: one line a label, how thick it is across
/// that direction and how rough its borders are.
std::string layers_csv(const SeriesMember& member, const std::vector<SeriesLabel>& labels);

}  // namespace metamict
