// SPDX-License-Identifier: GPL-3.0-or-later
// A film on its substrate: which region is which layer, and how deep the disorder has come below the film's surface.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "metamict/pipeline.hpp"

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

struct FrontOptions {
  double amorphous_below =
      0.25;                    ///< film with less than this share of the ordered film's lattice contrast is amorphous
  double ordered_above = 0.8;  ///< film with more than this share is ordered; between the two it is partly ordered
};

struct FrontInput {
  const Micrograph& micrograph;
  const cv::Mat& labels;
  const std::vector<Layer>& layer_of_label;
  GrowthDirection growth;
  double chip_px = 0;                   ///< in pixels of the image
  double disagreement = 0;              ///< share of the film's chips on which the runs of the community search differ
  std::optional<double> film_contrast;  ///< of another image of the series, for a film with no ordered part left
};

/// A value and how far it may be off, one standard deviation.
struct Measured {
  double value = 0, uncertainty = 0;
};

/// One place along the film. Points are in pixels of the image (x, y), pixel centres at whole numbers.
struct FrontPoint {
  double along_px = 0;  ///< from the left end of the film, surface up
  cv::Point2d surface_px, front_px, interface_px;
  double depth_px = 0;  ///< of the deepest amorphous pixel below the surface; 0 where nothing is amorphous
};

struct Front {
  cv::Mat layers;  ///< CV_8UC1, a Layer for every pixel; borders refined by grey and by lattice contrast
  std::vector<FrontPoint> curve;
  Measured film_area_px, amorphous_area_px, partly_ordered_area_px;
  Measured amorphous_fraction;                        ///< of the film's area
  Measured depth_mean_px, depth_sd_px, depth_max_px;  ///< over all places along the film
  double film_contrast = 0;  ///< lattice contrast of the ordered film over that of the substrate; 0 = not measured
  Notes notes;
};

/// Measures the front. The graph says where the amorphous film is; its border is then set where the lattice contrast
/// has fallen to `amorphous_below` of the ordered film's, pixel by pixel, with a window of half a period: a chip is
/// four periods wide and knows its border no better than its stride. Without a lattice the regions' own borders are
/// taken, with a note. Throws UsageError when no label is film or amorphous.
Front measure_front(const FrontInput& input, const FrontOptions& options = {});

}  // namespace metamict
