// SPDX-License-Identifier: GPL-3.0-or-later
// The charts of a dose series: amorphous share, depth of the front and areas against dose.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "metamict/series.hpp"
#include "report/pages/chart.hpp"
#include "report/pages/html.hpp"
#include "report/pictures/vector_format.hpp"

namespace metamict {

/// A heading and a row of charts. Charts of the front are there where an image shows a film.
Html series_trends(const Series& series);

/// The same charts as files, each with its name without the ending.
std::vector<std::pair<std::string, std::string>> trend_figures(const Series& series,
                                                               VectorFormat format);

/// Order against depth below the film's surface: by the lattice, and by the image's own regions.
/// The member has a front.
Chart order_profile(const SeriesMember& member);

}  // namespace metamict
