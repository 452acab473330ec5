// SPDX-License-Identifier: GPL-3.0-or-later
// The derived rule `nested`: the mean cut, applied again inside each community as long as the parts
// are clearly two. docs/nested.md tells the rule step by step, with a picture of each step.
//
// Why: a cut of the whole graph misses small pockets, because modularity has a resolution limit
// (Fortunato and Barthelemy 2007). It also finds bands along borders, because chips across a border
// look like each other. A graph does not know where its nodes lie. A micrograph does, so the rule
// asks where the chips lie:
//
// Split. Communities inside communities, from the whole image down.
//
// Join. Parts that no border parts become one. A border is a jump: chips one chip apart across it
// are much less alike than chips one chip apart on either side. Noise, wedges and focus drift
// change as much inside as across. A part with a lattice and one without are two even where order
// fades.
//
// Resolve. A part too narrow to hold a core is a border. Its chips go to the most alike neighbours.
//
// Stray pieces. A piece away from its region goes to the region around it, unless a border parts
// the two.
//
// Layers. Parts without a lattice are cut where their grey tells layers apart.
//
// Pieces. Pieces without a lattice that look unlike are regions of their own.
//
// Materials. A lattice is cut where its mean grey steps. The encoder forgives brightness, so it
// cannot tell.
//
// Grains. A lattice is split once more by the chips' spectra. The encoder forgives small rotations.
//
// Composition. Where element maps are given, each region is cut where its composition jumps, and
// regions of one composition, order and lattice become one.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "metamict/communities.hpp"
#include "rules/grey_cells.hpp"
#include "rules/nested_options.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// What is known of the chips beside their embeddings; each may be missing.
struct ChipEvidence {
  RowMatrixXf spectra_ND;          ///< chip_spectra of the same grid, which tell grains apart
  std::optional<GreyCells> greys;  ///< which tell materials apart
  const Composition* composition = nullptr;  ///< of the chips, where element maps are given
};

/// The parts of the image after one step of the rule.
struct NestedStep {
  std::string_view name;
  std::vector<Nodes> parts;
};

/// The rule's answer, and how it came about: the parts of the last step are the communities.
struct NestedResult {
  Communities communities;  ///< without a modularity: they are no partition of one graph
  std::vector<NestedStep> steps;
};

/// Deterministic for any number of threads.
NestedResult find_nested_by_steps(const Scene& scene, const ChipEvidence& evidence,
                                  const CommunityOptions& options, const NestedOptions& nested,
                                  const Resources& resources, const Progress& progress);

/// The communities alone.
Communities find_nested(const Scene& scene, const ChipEvidence& evidence,
                        const CommunityOptions& options, const NestedOptions& nested,
                        const Resources& resources, const Progress& progress);

/// The whole image cut by its composition, as the rule's last step cuts a region: what the element
/// maps say without the micrograph.
Communities find_by_composition(const Scene& scene, const Composition& composition,
                                const CommunityOptions& options, const NestedOptions& nested,
                                const Resources& resources, const Progress& progress);

}  // namespace metamict
