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

/// Of a label, the same in every picture: Okabe and Ito's seven, then nine of Tol's muted ones, then lighter and darker
/// turns of all of them. Label 0 (unassigned) is grey.
Colour region_colour(int label);

/// Black or white, whichever reads better on the colour.
Colour ink_on(Colour background);

/// Cividis at value in [0, 1]: perceptually even, alike for people with and without red-green deficiency.
Colour cividis(double value);

/// "#0072b2"
std::string hex(Colour colour);

}  // namespace metamict
