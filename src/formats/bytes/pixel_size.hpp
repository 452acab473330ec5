// SPDX-License-Identifier: GPL-3.0-or-later
// From what a file says of its pixels to a size, or to why there is none.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "formats/bytes/units.hpp"
#include "metamict/formats.hpp"

namespace metamict {

/// What a pixel is, along y and x.
struct StatedSize {
  std::optional<std::array<double, 2>> nm_per_pixel;  ///< y, x
  std::string source = "unknown";
  std::string diffraction;  ///< the reciprocal or angular unit, where it is one
  std::string note;         ///< why a size that the file gives is not taken; quotes it
};

/// From one scale and unit along each axis. Unknown, with a note, when the file gives a size that
/// is no length or that no microscope has; unknown without one when it gives none (scale 0, or no
/// unit).
StatedSize pixel_size_from(std::array<double, 2> scale, std::array<Unit, 2> unit,
                           const std::string& source);

/// Puts it into the dataset; a reciprocal or angular one makes it "not an image: diffraction".
void set_pixel_size(DatasetInfo& info, const StatedSize& size);

}  // namespace metamict
