// SPDX-License-Identifier: GPL-3.0-or-later
// Carbon that the beam lays down: seen as grey that rises across an ordered region while the lattice does not rise with
// it.
#pragma once

#include "metamict/result.hpp"

namespace metamict {

/// Adds a note where the largest ordered region of the map grows brighter across its extent by a tenth or more and its
/// lattice amplitude does not follow. Thickness scales both alike and focus changes the amplitude alone; what lies on
/// top of the lattice adds grey only.
void note_contamination(const Result& result, const RuleResult& rule, Notes& notes);

}  // namespace metamict
