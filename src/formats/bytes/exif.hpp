// SPDX-License-Identifier: GPL-3.0-or-later
// The one value of an EXIF block that says something of the pixels.
#pragma once

#include <span>

namespace metamict {

/// The orientation (1 to 8) in a block that begins with a TIFF header, as PNG's eXIf chunk and
/// JPEG's APP1 segment hold it; 1 where the block has none or makes no sense.
int exif_orientation(std::span<const unsigned char> block);

}  // namespace metamict
