// SPDX-License-Identifier: GPL-3.0-or-later
// series.html: every image of a dose series, and what changes with dose.
#pragma once

#include <string>
#include <vector>

#include "metamict/series.hpp"
#include "report/pages/html.hpp"

namespace metamict {

/// The part of the page about one image, the `number`-th from 0. It is made while the
/// image's micrograph is at hand.
Html series_section(const SeriesMember& member, const Micrograph& micrograph,
                    const std::vector<SeriesLabel>& labels, const DoseAxis& axis,
                    std::size_t number);

/// The page around the sections; `command` is the line that repeats the series.
std::string series_html(const Series& series, const std::vector<Html>& sections,
                        const std::string& command);

}  // namespace metamict
