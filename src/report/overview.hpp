// SPDX-License-Identifier: GPL-3.0-or-later
// A whole folder of results at one look: summary.csv and index.html.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "metamict/progress.hpp"

namespace metamict {

/// One region of an image's primary rule.
struct OverviewRegion {
  int label = 0;
  std::string name;
  std::uint64_t area_px = 0;
  std::optional<double> area_nm2, confidence;
  double share = 0;  ///< of the image
  double order = 0;
};

/// One image of a folder, as its report.json tells of it.
struct OverviewImage {
  std::string stem, file, status, reason;
  std::string rule;  ///< the primary one
  int rows = 0, cols = 0;
  bool has_pictures = false, has_page = false;
  std::vector<OverviewRegion> regions;
  Notes notes;
};

/// Reads DIR/<stem>/report.json. An image without one keeps what is given.
OverviewImage read_overview(const std::filesystem::path& folder, OverviewImage image);

/// The head of summary.csv, and the rows of one image: one for each region.
std::string summary_head();
std::string summary_rows(const OverviewImage& image);

/// A gallery: picture, map, regions and notes of each image, in a table that can be sorted.
/// Pictures are files beside it.
std::string index_html(const std::vector<OverviewImage>& images);

}  // namespace metamict
