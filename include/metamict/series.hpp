// SPDX-License-Identifier: GPL-3.0-or-later
// A dose series: several segmented images in one language of labels, and what changes with dose.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metamict/front.hpp"
#include "metamict/pipeline.hpp"

namespace metamict {

/// One line of a series: an image, its dose, and whatever else was written beside it.
struct SeriesEntry {
  std::filesystem::path image;
  double dose_dpa = 0;
  std::string name;                                          ///< of the image, as it was written
  std::vector<std::pair<std::string, std::string>> columns;  ///< further columns of the CSV, kept as they are
};

/// Reads a CSV (RFC 4180) with the columns image and dose_dpa; relative images stand beside the CSV. Throws UsageError:
/// not readable, a column missing, a dose that is no number or negative, no image.
std::vector<SeriesEntry> read_series_csv(const std::filesystem::path& path);

/// What a series needs of one segmented image, as its folder holds it: the primary rule's regions, what each looks like
/// to the encoder, and what each chip is. Written beside the label map, so that a series resumes without the encoder.
struct SegmentedImage {
  SeriesEntry entry;
  std::string stem, rule;
  std::optional<double> nm_per_pixel;
  ChipGrid grid;
  double chip_px = 0, stride_px = 0;  ///< in pixels of the image
  cv::Mat labels;                     ///< CV_16UC1
  std::vector<Region> regions;        ///< by label, 1..k
  RowMatrixXf embeddings_RD;          ///< mean of each region's chips, unit length, one row a region
  std::vector<int> label_of_chip;
  std::vector<float> order, stability;  ///< of each chip
};

/// The text of series/regions.json.
std::string regions_json(const Result& result);

/// Reads what segmenting left in `folder`. Throws InputError.
SegmentedImage read_segmented(const std::filesystem::path& folder, const SeriesEntry& entry);

struct SeriesOptions {
  std::optional<double> growth_direction_deg;  ///< found unless given
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
  std::vector<int> own_labels;  ///< of the image's own map that went into it
};

struct SeriesMember {
  SeriesEntry entry;
  std::string stem, rule;
  std::optional<double> nm_per_pixel;
  double chip_px = 0, stride_px = 0;
  ChipGrid grid;
  std::vector<float> order;           ///< of each chip
  std::vector<float> stability;       ///< of each chip, by the runs of its own image's rule
  cv::Mat labels;                     ///< CV_16UC1, the series' labels, 0 = unassigned
  std::vector<SeriesRegion> regions;  ///< those that are there, by label
  std::optional<GrowthDirection> growth;
  std::optional<Front> front;  ///< where the image shows a film
  std::vector<int> absent;     ///< labels of earlier images that this one has not
  Notes notes;
};

struct Series {
  std::vector<SeriesMember> members;      ///< by rising dose
  std::vector<SeriesLabel> labels;        ///< by label, 1..
  std::optional<GrowthDirection> growth;  ///< of the first image that shows one
  bool joint = false;
  Notes notes;
};

using LoadImage = std::function<Micrograph(const SeriesEntry&)>;
/// Called with every member once it is complete, while its micrograph and its label map are at hand; labels as known so
/// far.
using VisitMember = std::function<void(const SeriesMember&, const Micrograph&, const std::vector<SeriesLabel>&)>;

/// Gives every region its label of the series, and measures the front where a film is seen. Regions of different images
/// are the same when their mean embeddings are nearer to each other than any two regions of one image are (0.6 of that)
/// and their order differs by less than 0.4, one to one; and where layers are known, when they are the same layer.
/// Throws UsageError for fewer than one image.
Series join_series(std::vector<SegmentedImage> images, const SeriesOptions& options, const LoadImage& load,
                   const VisitMember& visit = {});

/// One graph over the chips of all images: their label maps are replaced by those of the joint communities, so that one
/// label is one community. `embeddings` gives an image's chips, N x D. Derived rules look at one image's plane and
/// cannot be applied: the mean cut takes their place, with a note. Throws ResourceError when the scores of all pairs
/// would not fit.
void segment_jointly(std::vector<SegmentedImage>& images,
                     const std::function<RowMatrixXf(const SegmentedImage&)>& embeddings, const SegmentOptions& options,
                     Notes& notes, const Progress& progress = {});

}  // namespace metamict
