// SPDX-License-Identifier: GPL-3.0-or-later
// Warns of carbon contamination by the beam. It shows as grey that rises across an ordered region
// while the lattice's amplitude does not rise with it.
#pragma once

#include "metamict/result.hpp"

namespace metamict {

/// Adds a note where the largest ordered region grows brighter by a tenth or more across its extent
/// and its lattice amplitude does not follow. Thickness scales both alike. Focus changes the
/// amplitude alone. What lies on top of the lattice adds grey only.
void note_contamination(const Result& result, const RuleResult& rule, Notes& notes);

}  // namespace metamict
