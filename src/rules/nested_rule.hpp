// SPDX-License-Identifier: GPL-3.0-or-later
// The derived rule "nested": the mean cut applied again inside each community, for as long as the parts are clearly
// two.
//
// Why: modularity has a resolution limit (Fortunato and Barthelemy 2007), so that a small pocket joins its nearest
// large neighbour, and chips that lie across a border are alike among themselves and form bands of their own. The
// remedy uses what a micrograph has and a bare graph has not: space.
//   Split: Louvain on a community's own sub-graph (its own mean cut), from the whole image down to parts too alike to
//     hold a border.
//   Resolve: a part that holds no chip surrounded by its own kind to half a chip's width is not a region but a border;
//     its chips go to the most alike neighbouring part that does.
//   Join: what no border parts, the least clear pair first, neighbours before parts that lie far apart. A border is a
//     jump of the variogram: the median dissimilarity of chips one chip apart across the border must exceed that of
//     chips equally far apart inside the rougher of both parts by separation_ratio, and by smallest_jump of the image's
//     range of dissimilarity. A wedge and noise change as much inside as across, focus drift changes gently: they do
//     not pass. An ordered part and one without a lattice (order_gap apart) are two whatever the border: order that
//     fades over many chips has no jump, and to tell the two is what the map is for. What fades goes to the side that
//     is nearer in order.
//   Composition: a region is cut where its mean grey makes a step (grey_step.hpp), for an encoder that takes
//     brightness for the microscope's says the same of two isostructural materials.
//   Grains: an ordered region is split once more in the same way by its chips' amplitude spectra, for an encoder that
//     takes small rotations for the same sees no grain boundary.
#pragma once

#include <optional>

#include "metamict/communities.hpp"
#include "rules/grey_cells.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// What the pixels say beside the embeddings; each may be empty.
struct ChipEvidence {
  RowMatrixXf spectra_ND;          ///< chip_spectra of the same grid, which tell grains apart
  std::optional<GreyCells> greys;  ///< which tell compositions apart
};

struct NestedOptions {
  /// Measured on simulated scenes: splits by noise and drift stay below 2.8, true borders above 3.8.
  double separation_ratio = 3.0;
  double order_gap = 0.4;      ///< of the order index, between the medians of two cores
  double smallest_jump = 0.1;  ///< in scores (0 to 1 over the image); true borders of those scenes jump by 0.15 or more
  /// Of the cosines over an image, for smallest_jump: where all chips are alike, nothing but their place in the cell
  /// and noise is left. Images of one lattice have ranges of 0.02 to 0.5; in one of 30 places in the cell jumped by
  /// 0.01.
  double least_range = 0.2;
};

/// Communities of the nested rule; no modularity, since they are not a partition of one graph. Deterministic for any
/// threads.
Communities find_nested(const Scene& scene, const ChipEvidence& evidence, const CommunityOptions& options,
                        const NestedOptions& nested, const Resources& resources, const Progress& progress);

}  // namespace metamict
