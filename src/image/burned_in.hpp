// SPDX-License-Identifier: GPL-3.0-or-later
// Scale bars that a program has drawn into an image.
#pragma once

#include <opencv2/core.hpp>
#include <optional>

#include "metamict/micrograph.hpp"

namespace metamict {

/// The part of an image that a scale bar with its words covers, or nothing. A bar is a straight
/// strip whose pixels all have the image's highest or its lowest value, as no detector draws one:
/// at least a twentieth of the width long, two pixels high, and four times as long as high. Its
/// words are what has the same value near it.
std::optional<cv::Rect> find_scale_bar(const cv::Mat& pixels);

/// Says so, with the option that hides it. What is hidden already is passed over.
void note_scale_bar(const Micrograph& micrograph, Notes& notes);

}  // namespace metamict
