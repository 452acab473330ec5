// SPDX-License-Identifier: GPL-3.0-or-later
// Reads what a series is made of: the table of images and doses, and the segmented images from
// their folders.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metamict/result.hpp"

namespace metamict {

/// One line of a series: an image, its dose, and whatever else stands in the line.
struct SeriesEntry {
  std::filesystem::path image;
  double dose = 0;
  std::string name;  ///< of the image, as it was written
  std::vector<std::pair<std::string, std::string>>
      columns;             ///< further columns of the CSV, kept as they are
  std::string folder;      ///< of its results; empty = the image's stem
  std::string pixel_size;  ///< as written, "0.02nm"; empty = from the file
};

/// What a series goes by: the dose or another quantity, such as fluence, temperature or time.
struct DoseAxis {
  std::string column = "dose_dpa";  ///< its name in tables
  std::string quantity = "dose";    ///< in words
  std::string unit = "dpa";         ///< empty where none is known

  /// "dose (dpa)".
  std::string title() const { return unit.empty() ? quantity : quantity + " (" + unit + ")"; }
  /// "0.1 dpa".
  std::string value(double dose) const;
};

/// Reads quantity and unit from a column's name: "dose_dpa", "Fluence [ions/cm2]", "time (min)".
DoseAxis dose_axis(const std::string& column);

struct SeriesTable {
  DoseAxis axis;
  std::vector<SeriesEntry> entries;
};

/// Reads a CSV (RFC 4180) with the columns image and dose. The dose's column is `dose_column` or,
/// where that is empty, the first whose name starts with "dose". Columns `name` (of the results'
/// folder) and `pixel_size` may be there. Semicolons or tabs may separate, and then a decimal comma
/// is one. Names of columns may be in any case. Lines that begin with # are passed over. Relative
/// paths begin at the CSV's folder. Throws UsageError, with the line, when the file cannot be read,
/// a column or every image is missing, or a dose is no number or negative.
SeriesTable read_series_csv(const std::filesystem::path& path, const std::string& dose_column = {});

/// What a series needs of one segmented image: the regions of the primary rule, their mean
/// embeddings, and the label of each chip. The image's folder holds it, so that a series resumes
/// without the encoder.
struct SegmentedImage {
  SeriesEntry entry;
  std::string stem, rule;
  std::optional<double> nm_per_pixel;
  double pixel_aspect = 1;  ///< as of a Micrograph
  ChipGrid grid;
  double chip_px = 0, stride_px = 0;  ///< in pixels of the image
  cv::Mat labels;                     ///< CV_16UC1
  std::vector<Region> regions;        ///< by label, 1..k
  RowMatrixXf embeddings_RD;  ///< mean of each region's chips, unit length, one row a region
  std::vector<int> label_of_chip;
  std::vector<float> order;      ///< of each chip
  std::vector<float> stability;  ///< of each chip: the share of the runs, or of the looks where
                                 ///< that is less, that agree with its label
};

/// Returns the text of regions.json.gz, unpacked: what a series needs of an image.
std::string regions_json(const Result& result);

/// Reads what `segment` left in `folder`. Throws InputError.
SegmentedImage read_segmented(const std::filesystem::path& folder, const SeriesEntry& entry);

}  // namespace metamict
