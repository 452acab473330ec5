// SPDX-License-Identifier: GPL-3.0-or-later
// overlay.png: the regions over the micrograph.
#pragma once

#include <string>

#include "metamict/micrograph.hpp"
#include "report/pictures/vector_format.hpp"
#include "report/region_map.hpp"

namespace metamict {

/// PNG. It shows the micrograph in grey under the regions' translucent colours, with outlines,
/// numbers and a scale bar. The legend beside it gives each region's share of the area and order
/// index, and its name where it has one. Throws OutputError.
std::string draw_overlay(const Micrograph& micrograph, const RegionMap& map);

/// The same with outlines, numbers, scale bar and legend as vectors; the micrograph stays pixels.
std::string draw_overlay_as(VectorFormat format, const Micrograph& micrograph,
                            const RegionMap& map);

}  // namespace metamict
