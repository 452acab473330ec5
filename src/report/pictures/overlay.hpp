// SPDX-License-Identifier: GPL-3.0-or-later
// overlay.png: the regions over the micrograph.
#pragma once

#include <span>
#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// PNG: the micrograph in grey under the regions' translucent colours with outlines and numbers, a scale bar, and
/// beside it a legend with each region's share of the area and order index, and its name where there are `names` (by
/// label from 1). Throws OutputError.
std::string draw_overlay(const Result& result, const RuleResult& rule, std::span<const std::string> names = {});

}  // namespace metamict
