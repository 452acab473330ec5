// SPDX-License-Identifier: GPL-3.0-or-later
// Pieces of a region that do not touch: which are regions of their own, and which belong to what
// lies around them.
#pragma once

#include <vector>

#include "rules/chip_field.hpp"

namespace metamict {

/// The pieces of a part, those that look alike together. Splinters go to the piece that they look
/// most like. Single chips of a patchy cap may look like the pocket in the film below it; their
/// means do not.
std::vector<Nodes> unlike_pieces(const ChipField& field, const Nodes& part);

/// Gives a piece that lies away from the rest of its region to the region around it, where no clear
/// border parts the two. Single chips may look more like something far away.
std::vector<Nodes> without_stray_pieces(const ChipField& field, std::vector<Nodes> regions);

}  // namespace metamict
