// SPDX-License-Identifier: GPL-3.0-or-later
// overlay.png: the regions over the micrograph.
#pragma once

#include <string>

#include "metamict/pipeline.hpp"

namespace metamict {

/// PNG: the micrograph in grey under the regions' translucent colours with outlines and numbers, a scale bar, and
/// beside it a legend with each region's share of the area and order index. Throws OutputError.
std::string draw_overlay(const Result& result, const RuleResult& rule);

}  // namespace metamict
