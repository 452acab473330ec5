// SPDX-License-Identifier: GPL-3.0-or-later
// The derived rule "nested": the mean cut applied again inside each community, for as long as the parts are clearly two.
//
// Why: modularity has a resolution limit (Fortunato and Barthelemy 2007), so that a small pocket joins its nearest large
// neighbour, and chips that lie across a border are alike among themselves and form bands of their own. The remedy uses what
// a micrograph has and a bare graph has not: space.
//   - Split: Louvain on a community's own sub-graph (its own mean cut), from the whole image down.
//   - Resolve: a part that holds no chip surrounded by its own kind to half a chip's width is not a region but a border; its
//     chips go to the most alike neighbouring part that does.
//   - Test: the variogram's jump. The median dissimilarity of chips one chip apart *across* the border must exceed that of
//     chips equally far apart *inside* the rougher of both parts by separation_ratio. Focus drift, a wedge and noise change
//     as much inside as across: they do not pass.
#pragma once

#include "metamict/pipeline.hpp"

namespace metamict {

struct NestedOptions {
  double separation_ratio = 3.0;   ///< measured on simulated scenes: noise and drift stay below 2.6, distinct regions above 3.8
};

/// Communities of the nested rule; no modularity, since they are not a partition of one graph. Deterministic for any threads.
Communities find_nested(const Result& result, const CommunityOptions& options, const NestedOptions& nested, const Progress& progress);

}  // namespace metamict
