// SPDX-License-Identifier: GPL-3.0-or-later
// graph.graphml for Gephi, Cytoscape, networkx and igraph.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "metamict/result.hpp"
#include "metamict/written_file.hpp"

namespace metamict {

/// The graph of a threshold rule.
struct GraphmlContent {
  const Result& result;
  const RuleResult& rule;
  std::span<const cv::Point2f> layout;          ///< one point a node
  const std::vector<Edge>* backbone = nullptr;  ///< the only edges written; null = every edge
};

/// Writes the graph as a stream, because it may have millions of edges. Nodes stand at the layout's
/// points with Gephi's x, y, size, r, g, b and label, and carry community, x_px, y_px, order and
/// stability; edges carry weight. Throws OutputError.
WrittenFile write_graphml(const GraphmlContent& content, const std::filesystem::path& path);

}  // namespace metamict
