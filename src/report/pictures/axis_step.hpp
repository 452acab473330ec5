// SPDX-License-Identifier: GPL-3.0-or-later
// How far apart the marks of an axis stand.
#pragma once

#include <initializer_list>

namespace metamict {

/// One of `factors` (rising, from 1) times a power of ten, so that about
/// `wanted` steps make up the range.
double axis_step(double range, int wanted, std::initializer_list<double> factors);

}  // namespace metamict
