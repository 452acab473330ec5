// SPDX-License-Identifier: GPL-3.0-or-later
// A dose series joins several segmented images: one set of labels for all, and what changes with
// the dose.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "metamict/front.hpp"
#include "metamict/series_input.hpp"

namespace metamict {

/// What a user says of one region: the label of a series' map in one image or in all, or a point in
/// one image.
struct LayerOfLabel {
  std::string image;  ///< stem or name of the image; empty = every image
  int label = 0;      ///< of series/labels.tif; 0 where a point is given
  std::optional<cv::Point2d> point_px;
  Layer layer = Layer::other;  ///< `other` = do not use (vacuum, ignore)
  std::string word;            ///< as written: cap, film, substrate, vacuum, ignore
};

/// Reads a CSV with the columns image, layer, and label or x_px and y_px. Throws UsageError.
std::vector<LayerOfLabel> read_layers_csv(const std::filesystem::path& path);

struct SeriesOptions {
  DoseAxis axis;
  std::optional<double> growth_direction_deg;  ///< found unless given
  std::vector<LayerOfLabel> layers;            ///< what the user knows
  FrontOptions front;
};

/// One label of the whole series.
struct SeriesLabel {
  int label = 0;
  Layer layer = Layer::other;
  std::string name;  ///< "substrate", or "region 3" where no layer is known
};

/// One label in one image.
struct SeriesRegion {
  int label = 0;
  std::uint64_t area_px = 0;
  std::optional<double> area_nm2;
  double order = 0;  ///< mean lattice-order index of the chips that are centred in it
  double mean_intensity = 0;
  std::vector<int> own_labels;            ///< of the image's own map that went into it
  std::optional<double> confidence = {};  ///< mean over its pixels of its own regions'; where known
};

struct SeriesMember {
  SeriesEntry entry;
  std::string stem, rule;
  std::optional<double> nm_per_pixel;
  double pixel_aspect = 1;  ///< as of a Micrograph
  double chip_px = 0, stride_px = 0;
  ChipGrid grid;
  std::vector<float> order;           ///< of each chip
  std::vector<float> stability;       ///< of each chip, as of a SegmentedImage
  cv::Mat labels;                     ///< CV_16UC1, the series' labels, 0 = unassigned
  std::vector<SeriesRegion> regions;  ///< those that are there, by label
  std::optional<GrowthDirection> growth;
  std::optional<Front> front;  ///< where the image shows a film
  double substrate_share = 0;  ///< of the image's pixels; 0 where no layer is known
  std::vector<int> absent;     ///< labels of earlier images that this one has not
  Notes notes;
  Notes warnings;  ///< what speaks against this image's numbers
};

/// The median thickness of the film. Nothing where no film or no pixel size is known.
std::optional<double> film_thickness_nm(const SeriesMember& member);

/// How much the film's thickness varies along the film: its standard deviation.
std::optional<double> film_thickness_sd_nm(const SeriesMember& member);

/// The period of the lattice. It tells whether the pixel sizes of a series agree.
std::optional<double> lattice_period_nm(const SeriesMember& member);

/// The detection limit: glass of this thickness along the whole film would have been seen, half
/// of it and more. Glass that is put into the image itself shows it (`Front::limit_px`).
/// Where it could not be put there, the limit is one chip's edge.
std::optional<double> front_depth_limit_px(const SeriesMember& member);

/// The same as a share of the film. Nothing where the film's thickness is not known.
std::optional<double> amorphous_fraction_limit(const SeriesMember& member);

/// The cap's area over the length of the film: its mean thickness as far as it is in view. Nothing
/// where no cap or no pixel size is known.
std::optional<double> cap_thickness_nm(const SeriesMember& member);

struct Series {
  DoseAxis axis;
  std::vector<SeriesMember> members;      ///< by rising dose
  std::vector<SeriesLabel> labels;        ///< by label, 1..
  std::optional<GrowthDirection> growth;  ///< of the first image that shows one
  bool joint = false;
  Notes notes;
};

using LoadImage = std::function<Micrograph(const SeriesEntry&)>;
/// Called with every member once it is complete, while its micrograph and its label map are in
/// memory. The labels are those known so far.
using VisitMember =
    std::function<void(const SeriesMember&, const Micrograph&, const std::vector<SeriesLabel>&)>;

/// Gives every region its label of the series, and measures the front where a film is seen. Regions
/// of different images get one label when they are the same layer of a film; or when their order
/// differs by less than 0.4 and their mean embeddings are nearer than 0.6 of the least distance
/// between two regions of one image (median over the images). Throws UsageError for no image,
/// InputError for an image that is not the one segmented, or above 65,535 labels.
Series join_series(std::vector<SegmentedImage> images, const SeriesOptions& options,
                   const LoadImage& load, const VisitMember& visit = {}, int threads = 1);

}  // namespace metamict
