// SPDX-License-Identifier: GPL-3.0-or-later
// Colours that people with any colour vision can tell apart.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace metamict {

struct Colour {
  std::uint8_t r = 0, g = 0, b = 0;
};

/// The colour of a label, the same in every picture: first Okabe and Ito's seven, then seven of
/// Tol's muted ones, then all of them lighter and darker. Label 0 (unassigned) is grey.
Colour region_colour(int label);

/// Black or white, whichever reads better on the colour.
Colour ink_on(Colour background);

/// Cividis at value in [0, 1]: perceptually even, alike for people with and
/// without red-green deficiency.
Colour cividis(double value);

/// "#0072b2"
std::string hex(Colour colour);

}  // namespace metamict
