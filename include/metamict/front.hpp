// SPDX-License-Identifier: GPL-3.0-or-later
// Measures how deep the disorder has come below a film's surface.
#pragma once

#include <optional>
#include <vector>

#include "metamict/layers.hpp"
#include "metamict/micrograph.hpp"

namespace metamict {

struct FrontOptions {
  double amorphous_below =
      0.25;  ///< film with less than this share of the ordered film's lattice contrast is amorphous
  double ordered_above =
      0.8;  ///< film with more than this share is ordered; between the two it is partly ordered
};

struct FrontInput {
  const Micrograph& micrograph;
  const cv::Mat& labels;
  const std::vector<Layer>& layer_of_label;
  GrowthDirection growth;
  double chip_px = 0;  ///< in pixels of the image
  double disagreement =
      0;  ///< mean share of runs or looks that differ on a chip of the film; ordered chips count 0
  std::optional<double>
      film_contrast;  ///< of another image of the series, for a film with no ordered part left
  int threads = 1;    ///< of the search for the lattice; never changes the result
  /// Of the same film in other images, in pixels of this one. Where the regions give the film
  /// another thickness, a border is looked for that gives it this one.
  std::optional<double> film_thickness_px = {};
};

/// A value and its uncertainty, which is one standard deviation.
struct Measured {
  double value = 0, uncertainty = 0;
};

/// One place along the film. Points (x, y) are in pixels of the image. Whole numbers are pixel
/// centres.
struct FrontPoint {
  double along_px = 0;  ///< from the left end of the film, surface up
  cv::Point2d surface_px, front_px, interface_px;
  double depth_px =
      0;  ///< of the deepest amorphous pixel below the surface; 0 where nothing is amorphous
};

/// What lies at one depth below the film's surface, over all places along the film.
struct ProfilePoint {
  double depth_px = 0;  ///< negative above the surface
  double lattice = 0;  ///< lattice contrast over that of ordered film or substrate there: 1 = whole
  double regions = 0;  ///< share of the places whose region is ordered film or substrate
};

struct Front {
  cv::Mat layers;  ///< CV_8UC1, a Layer for every pixel; borders refined by grey and by lattice
                   ///< contrast
  std::vector<FrontPoint> curve;
  Measured film_area_px, amorphous_area_px, partly_ordered_area_px;
  Measured amorphous_fraction;                        ///< of the film's area
  Measured depth_mean_px, depth_sd_px, depth_max_px;  ///< over all places along the film
  double film_contrast =
      0;  ///< lattice contrast of the ordered film over that of the substrate; 0 = not measured
  std::optional<double> cap_thickness_px;  ///< as far as it is in view, of square pixels
  std::optional<double> period_px;         ///< of the lattice; nothing where none is found
  /// The thinnest glass that would have been seen below the surface, or below the glass that is
  /// there. Layers of known thickness are put into this image, without lattice and with its noise.
  /// Of this thickness and more, half or more is found. Nothing where no lattice is there.
  std::optional<double> limit_px;
  double surface_step = 0;  ///< of grey at the film's surface: difference over sum of both sides
  std::vector<ProfilePoint> profile;  ///< by depth, a quarter of a period apart
  Notes notes;
};

/// The film's thickness at each place along it, in pixels of the image's rows.
std::vector<float> film_thicknesses_px(const Front& front, double pixel_aspect);

/// The median of these. Nothing where the curve is empty.
std::optional<double> film_thickness_px(const Front& front, double pixel_aspect);

/// Measures the front. The graph says where the amorphous film is. Pixel by pixel, with a window of
/// half a period, its border is then moved to where the lattice contrast has fallen to
/// `amorphous_below` of the ordered film's. A chip is four periods wide and knows the border no
/// better than its stride. Without a lattice the regions' own borders are taken, with a note.
/// Throws UsageError when no label is film or amorphous.
Front measure_front(const FrontInput& input, const FrontOptions& options = {});

}  // namespace metamict
