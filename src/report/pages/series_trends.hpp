// SPDX-License-Identifier: GPL-3.0-or-later
// The charts of a dose series: amorphous share, depth of the front and areas against dose.
#pragma once

#include "metamict/series.hpp"
#include "report/pages/html.hpp"

namespace metamict {

/// A heading and a row of charts. Charts of the front are there where an image shows a film.
Html series_trends(const Series& series);

}  // namespace metamict
