// SPDX-License-Identifier: GPL-3.0-or-later
// A film on its substrate: which region is which layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "metamict/result.hpp"

namespace metamict {

/// What a region is in a film grown on a crystal. `other` where that cannot be said.
enum class Layer : std::uint8_t { other, cap, film, substrate, amorphous, partly_ordered };

/// "cap", "ordered film", "substrate", "amorphous film", "partly ordered film"; "region" for other.
std::string_view name_of(Layer layer);

/// Direction in which the film grew, from the substrate to the surface, in degrees counter-clockwise from the picture's
/// right: 90 = the surface is up.
struct GrowthDirection {
  double angle_deg = 90;
  bool given = false;
};

/// The direction across which the regions are stacked, ordered side below; empty where they are not stacked. Straight
/// borders fix it to about a degree. `near_deg` holds the search to 5 degrees about a known direction.
std::optional<GrowthDirection> find_growth_direction(const cv::Mat& labels, const std::vector<Region>& regions,
                                                     std::optional<double> near_deg = {});

/// The layer of each label, k + 1 entries. The ordered regions at the lower edge are substrate, the disordered ones at
/// the upper edge are cap (amorphous film when the film is known to lie bare, `has_cap` false), and what lies between
/// is film where it is ordered, else amorphous. All `other` where no film lies on anything.
std::vector<Layer> find_layers(const cv::Mat& labels, const std::vector<Region>& regions, const GrowthDirection& growth,
                               std::optional<bool> has_cap = {});

}  // namespace metamict
