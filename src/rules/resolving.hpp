// SPDX-License-Identifier: GPL-3.0-or-later
// Which communities are regions and which are borders, and which region a chip on a border goes to.
#pragma once

#include <vector>

#include "metamict/communities.hpp"
#include "rules/chip_field.hpp"

namespace metamict {

/// Gives every chip to the most alike of the parts whose core is near it.
std::vector<Nodes> resolve(const ChipField& field, const Nodes& chips, const std::vector<Nodes>& parts);

/// The regions among the communities of some chips: those with a core. The chips of splinters and
/// borders go to the regions. Empty where no community is a region. community: of each of the
/// chips, in their order.
std::vector<Nodes> regions_among(const ChipField& field, const Nodes& chips, const Communities& communities);

/// Leaves out borders. A border is a part without a core that lies between two others and looks
/// like something between them. A pocket has one neighbour, so it stays.
std::vector<Nodes> without_borders(const ChipField& field, const std::vector<Nodes>& parts);

}  // namespace metamict
