// SPDX-License-Identifier: GPL-3.0-or-later
// The outlines of a label map as GeoJSON (RFC 7946), as QuPath reads it.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "metamict/series.hpp"

namespace metamict {

/// One feature a label: exactly its pixels. Corners are in pixels, and the upper left
/// corner of the picture is 0, 0. What is known of a label's region (area, order, confidence)
/// becomes measurements, which QuPath shows in its table.
std::string outlines_geojson(const cv::Mat& labels, const std::vector<SeriesLabel>& names,
                             std::optional<PixelSize> pixel = {},
                             const std::vector<SeriesRegion>& regions = {});

}  // namespace metamict
