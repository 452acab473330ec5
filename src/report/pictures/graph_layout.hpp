// SPDX-License-Identifier: GPL-3.0-or-later
// Where the nodes of a similarity graph stand when it is drawn.
#pragma once

#include <span>
#include <vector>

#include "metamict/graph.hpp"

namespace metamict {

/// A place for every node from the scores alone, the same for every cut of one image. Classical
/// scaling against a few pivot nodes (Brandes and Pich 2007, "PivotMDS") puts like chips near
/// each other. Deterministic.
std::vector<cv::Point2f> place_by_similarity(const ScoreMatrix& scores);

/// Spreads the nodes from `start` with forces (Fruchterman and Reingold 1991; only near nodes
/// push each other). Heavier edges pull more. The result fills the unit square. Deterministic;
/// below 0.1 s for 4,000 nodes.
std::vector<cv::Point2f> lay_out(std::span<const cv::Point2f> start, std::span<const Edge> edges);

}  // namespace metamict
