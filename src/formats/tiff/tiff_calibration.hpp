// SPDX-License-Identifier: GPL-3.0-or-later
// The pixel size that microscope makers and ImageJ hide in TIFF tags. Plain dots per inch are never
// one.
#pragma once

#include "formats/bytes/pixel_size.hpp"
#include "formats/tiff/tiff_file.hpp"

namespace metamict {

/// Of the current directory, in order of trust: FEI, Zeiss, TVIPS, Olympus, JEOL, Gatan, ImageJ,
/// OME.
StatedSize tiff_pixel_size(const TiffFile& tiff, const std::filesystem::path& path,
                           const TiffPage& page);

}  // namespace metamict
