// SPDX-License-Identifier: GPL-3.0-or-later
// A label map as pictures and pages show it, whatever it was made from.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <vector>

#include "metamict/result.hpp"
#include "metamict/series.hpp"

namespace metamict {

struct MapRegion {
  int label = 0;
  std::uint64_t area_px = 0;
  double order = 0;  ///< mean lattice-order index
  std::string name;  ///< "substrate"; empty where regions have numbers only
};

struct RegionMap {
  std::string rule;   ///< the name of the rule, or "series"
  std::string title;  ///< what stands above a legend: "mean cut"
  std::string basis;  ///< the line below it, what the regions rest on: "score ≥ 0.512"
  cv::Mat labels;     ///< CV_16UC1, 0 = unassigned
  std::vector<MapRegion> regions;  ///< those that are in the map, by label
  std::uint64_t unassigned_px = 0;
  std::vector<std::pair<int, int>> doubtful_borders;  ///< as of a RuleResult
  std::span<const float> stability;  ///< of each chip; belongs to what the map was made from
};

/// The regions of one rule, without names.
RegionMap region_map(const RuleResult& rule);

/// The labels of the series in one of its images, called by their names.
RegionMap region_map(const SeriesMember& member, const std::vector<SeriesLabel>& labels);

/// The part of the map's pixels that `area_px` is, from 0 to 1.
double share_of(const RegionMap& map, std::uint64_t area_px);

}  // namespace metamict
