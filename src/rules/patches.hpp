// SPDX-License-Identifier: GPL-3.0-or-later
// Patches of one layer without a lattice: which of two borders that meet came first.
#pragma once

#include <vector>

#include "rules/chip_field.hpp"

namespace metamict {

/// Joins parts without a lattice that are patches of one layer. Where three parts meet, one
/// interface runs on and the third border ends on it. If a lattice's interface with the two runs
/// on, they lie on one side of it and are patches of one layer: the grains of a cap. If the
/// interface between one of the two and the rest runs on, the other lies on the lattice's side: a
/// pocket of glass under a cap.
std::vector<Nodes> without_patches(const ChipField& field, std::vector<Nodes> regions);

}  // namespace metamict
