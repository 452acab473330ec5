// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures of an image and of its map, for galleries.
#pragma once

#include <string>

#include "metamict/micrograph.hpp"
#include "report/region_map.hpp"

namespace metamict {

struct Thumbnails {
  std::string micrograph, map;  ///< PNG
};

/// At most 160 px a side. The map shows the regions' colours over the micrograph.
Thumbnails draw_thumbnails(const Micrograph& micrograph, const RegionMap& map);

}  // namespace metamict
