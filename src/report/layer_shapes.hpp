// SPDX-License-Identifier: GPL-3.0-or-later
// How thick the regions of a film are across the growth direction, and how rough their borders.
#pragma once

#include <optional>
#include <vector>

#include "metamict/series.hpp"

namespace metamict {

/// One label of one image, measured on lines that run along the growth direction, a pixel apart.
struct LayerShape {
  int label = 0;
  double thickness_px = 0;     ///< mean over the lines on which the label does not leave the image
  double thickness_sd_px = 0;  ///< over the same lines
  double lines = 0;            ///< share of the image's lines that meet it, 0 to 1
  /// Whether most lines leave the image within it. Then all lines count, and it may be thicker.
  bool cut_by_edge = false;
  /// Root mean square deviation of a border from its straight line (Rq of ISO 21920-2, no filter).
  /// The border is where the label's longest piece on a line begins (upper) or ends (lower), where
  /// another label lies beyond. Nothing where fewer than half of its lines show that border.
  std::optional<double> upper_roughness_px, lower_roughness_px;
};

/// The shapes of an image's labels, by label. Empty where the growth direction is not known.
std::vector<LayerShape> layer_shapes(const SeriesMember& member);

}  // namespace metamict
