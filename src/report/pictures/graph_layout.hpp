// SPDX-License-Identifier: GPL-3.0-or-later
// Where the nodes of a similarity graph stand when it is drawn.
#pragma once

#include <span>
#include <vector>

#include "metamict/graph.hpp"

namespace metamict {

/// A place for every node from the scores alone: classical scaling against a few pivot nodes (Brandes and Pich 2007,
/// "PivotMDS"), so that like chips stand near each other. The same for every cut of one image. Deterministic.
std::vector<cv::Point2f> place_by_similarity(const ScoreMatrix& scores);

/// Spreads the nodes from `start` with forces (Fruchterman and Reingold 1991, near repulsion only) along `edges`,
/// heavier ones pulling more, and fits the result into the unit square. Deterministic; below 0.1 s for 4,000 nodes.
std::vector<cv::Point2f> lay_out(std::span<const cv::Point2f> start, std::span<const Edge> edges);

}  // namespace metamict
