// SPDX-License-Identifier: GPL-3.0-or-later
// graph.png: the similarity graph drawn (the paper's Figure 3).
#pragma once

#include <span>
#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// PNG: nodes at `layout` in the colours of their regions, the edges of `backbone` faint between
/// them, and a caption with nodes, edges, cut and modularity. `chips`: which chip a node is; empty
/// = all are nodes. Throws OutputError.
std::string draw_graph(const RuleResult& rule, std::span<const std::uint32_t> chips,
                       std::span<const cv::Point2f> layout, std::span<const Edge> backbone);

}  // namespace metamict
