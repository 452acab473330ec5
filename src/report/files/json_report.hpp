// SPDX-License-Identifier: GPL-3.0-or-later
// report.json: everything measured, and nothing that changes from run to run.
#pragma once

#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// Mean scores are given between the largest communities, at most so many: a graph without edges
/// has a community for every chip.
constexpr int reported_communities = 200;

/// The text of report.json. Floats are written as their own shortest decimals. What is not known or
/// not finite is null. Bytes of the path that are no UTF-8 become U+FFFD.
std::string json_report(const Result& result);

}  // namespace metamict
