// SPDX-License-Identifier: GPL-3.0-or-later
// graph.graphml for Gephi, Cytoscape, networkx and igraph.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "metamict/outputs.hpp"

namespace metamict {

/// Streams the graph of a threshold rule: every edge, or only those of `backbone` where it is given. Nodes stand at
/// `layout` (one point a node) with Gephi's x, y, size, r, g, b and label, and carry community, x_px, y_px, order and
/// stability; edges carry weight. Throws OutputError.
struct GraphmlContent {
  const Result& result;
  const RuleResult& rule;
  std::span<const cv::Point2f> layout;
  const std::vector<Edge>* backbone = nullptr;
};
WrittenFile write_graphml(const GraphmlContent& content, const std::filesystem::path& path);

}  // namespace metamict
