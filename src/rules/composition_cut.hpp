// SPDX-License-Identifier: GPL-3.0-or-later
// Regions that the micrograph does not tell apart, cut by what they are made of.
#pragma once

#include <vector>

#include "metamict/communities.hpp"
#include "metamict/composition.hpp"
#include "rules/chip_field.hpp"
#include "rules/nested_options.hpp"
#include "rules/scene.hpp"

namespace metamict {

/// The image parted where the composition of its chips jumps, by the steps that part looks: split
/// and join. Each chip then goes to the part whose composition it has most. A jump has to be three
/// times what the noise of the counts makes of one. Chips that the maps do not know go with the
/// nearest that they know. One part where nothing jumps.
std::vector<Nodes> parts_by_composition(const Scene& scene, const Composition& composition,
                                        const CommunityOptions& options,
                                        const NestedOptions& nested, const Resources& resources,
                                        const Progress& progress, Communities& communities);

/// Cuts each region by the parts of composition that it holds: those that have a core in it, and
/// those that lie in it with half of their chips. What it holds of other parts is a strip along a
/// border that the two witnesses see in slightly different places; it goes to the nearest.
std::vector<Nodes> cut_by_composition(const std::vector<Nodes>& regions,
                                      const std::vector<Nodes>& parts, const ChipGrid& grid,
                                      const NestedOptions& nested);

/// The part that most of some chips lie in.
std::size_t part_of(const Nodes& chips, const std::vector<Nodes>& parts);

/// Joins touching regions that are one material: of one part by composition, equally ordered, and
/// of one lattice by their chips' spectra. What is left between them is grey or drift: thickness,
/// contamination, focus. Only where the maps know a chip's composition well, and would tell
/// another. lattice: the chips by their spectra; null where these are not known.
std::vector<Nodes> join_one_material(std::vector<Nodes> regions, const std::vector<Nodes>& parts,
                                     const Scene& scene, const Composition& composition,
                                     const ChipField* lattice, const NestedOptions& nested);

}  // namespace metamict
