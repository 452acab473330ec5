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

/// Returns the layer of each label, k + 1 entries. Ordered regions at the lower edge are substrate.
/// Disordered ones at the upper edge are cap, or amorphous film where `has_cap` is false. What lies
/// between is film where it is ordered, else amorphous film. All are `other` where no film lies on
/// a substrate.
std::vector<Layer> find_layers(const cv::Mat& labels, const std::vector<Region>& regions,
                               const GrowthDirection& growth, std::optional<bool> has_cap = {});

}  // namespace metamict
