// SPDX-License-Identifier: GPL-3.0-or-later
// Says which region is which layer of a film on its substrate.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "metamict/result.hpp"

namespace metamict {

/// What a region is in a film grown on a crystal. It is `other` where that cannot be said.
enum class Layer : std::uint8_t { other, cap, film, substrate, amorphous, partly_ordered };

/// Whether a layer is the film, in whatever order.
constexpr bool is_film(Layer layer) {
  return layer == Layer::film || layer == Layer::amorphous || layer == Layer::partly_ordered;
}

/// "cap", "ordered film", "substrate", "amorphous film", "partly ordered film"; "region" for other.
std::string_view name_of(Layer layer);

/// The direction in which the film grew, from the substrate to the surface. It is in degrees
/// counter-clockwise from the picture's right: 90 = the surface is up.
struct GrowthDirection {
  double angle_deg = 90;
  bool given = false;
};

/// Finds the direction in which the regions are stacked, with the ordered side below. It is empty
/// where they are not stacked. Straight borders fix it to about a degree. `near_deg` limits the
/// search to 5 degrees about a direction.
std::optional<GrowthDirection> find_growth_direction(const cv::Mat& labels,
                                                     const std::vector<Region>& regions,
                                                     std::optional<double> near_deg = {});

/// How much more order the picture's lower edge shows than its upper edge, with the surface up,
/// from -1 to 1. The image where it is largest tells best which side is the surface.
double order_below_surface(const cv::Mat& labels, const std::vector<Region>& regions,
                           const GrowthDirection& growth);

/// What the other images of a series say about one image. Lists have an entry for each label, k
/// + 1.
struct LayerEvidence {
  std::optional<bool> has_cap = {};  ///< whether the least damaged image has something on the film
  /// Whether a label looks like what lies on the film in the least damaged image. Empty = not
  /// known.
  std::vector<bool> looks_like_cap = {};
  /// Whether a label looks more like the film of another image than like its substrate. Empty = not
  /// known.
  std::vector<bool> looks_like_film = {};
  /// Whether any image shows one ordered layer on another.
  bool substrate_in_view = true;
};

/// Returns the layer of each label, k + 1 entries. Ordered regions at the lower edge are substrate,
/// where a substrate is in view and they do not look like the film. Disordered ones at the upper
/// edge are cap, unless they look otherwise than what lay there before: then they are amorphous
/// film. What lies between is film where it is ordered, else amorphous film. All are `other` where
/// no film is seen.
std::vector<Layer> find_layers(const cv::Mat& labels, const std::vector<Region>& regions,
                               const GrowthDirection& growth, const LayerEvidence& evidence = {});

}  // namespace metamict
