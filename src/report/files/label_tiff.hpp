// SPDX-License-Identifier: GPL-3.0-or-later
// labels.tif: the label map as image programs open it, with its scale.
#pragma once

#include <opencv2/core.hpp>
#include <optional>
#include <string>

#include "metamict/micrograph.hpp"

namespace metamict {

/// The bytes of a deflated uint16 TIFF of `labels` (CV_16UC1). ImageJ finds its scale in
/// ImageDescription and X/YResolution (pixels per nm, ResolutionUnit none), DigitalMicrograph in
/// Gatan's private tags. Throws OutputError.
std::string label_tiff(const cv::Mat& labels, std::optional<PixelSize> pixel);

}  // namespace metamict
