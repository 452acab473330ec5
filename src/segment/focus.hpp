// SPDX-License-Identifier: GPL-3.0-or-later
// Warns of a focus, or a thickness of the lamella, that drifts across the picture.
#pragma once

#include "metamict/result.hpp"

namespace metamict {

/// Adds a note when the lattice contrast of the largest ordered region changes steadily across it
/// by more than a quarter. Within one region of crystal the order index is the square root of the
/// relative contrast.
void note_focus_gradient(const Result& result, const RuleResult& rule, Notes& notes);

}  // namespace metamict
