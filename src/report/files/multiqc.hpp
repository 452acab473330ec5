// SPDX-License-Identifier: GPL-3.0-or-later
// A series as custom content of MultiQC, which puts the reports of many tools onto one page.
#pragma once

#include <string>

#include "metamict/series.hpp"

namespace metamict {

/// metamict_series_mqc.json: one line of a table an image.
std::string series_table_mqc(const Series& series);

/// metamict_trend_mqc.json: the amorphous share of the film against dose.
std::string series_trend_mqc(const Series& series);

}  // namespace metamict
