// SPDX-License-Identifier: GPL-3.0-or-later
// Says what changed between two results: images, rules, regions, numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/comparison/limits.hpp"

namespace metamict {

/// One region of the baseline and its match in the new map, or one that only one of them has.
struct ComparedRegion {
  int baseline = 0, fresh = 0;  ///< labels; 0 = there is none
  double iou = 0;
  double baseline_share = 0, fresh_share = 0;  ///< of the image
  double baseline_order = 0, fresh_order = 0;
};

struct ComparedRule {
  std::string name;
  double ari = 0;
  std::vector<ComparedRegion> regions;
};

/// A number of a series with its uncertainty, in both results; nothing where a cell is empty.
struct ComparedNumber {
  std::string name;
  std::optional<double> baseline, fresh, baseline_uncertainty, fresh_uncertainty;
};

struct ComparedImage {
  std::string stem;
  std::filesystem::path baseline_folder, fresh_folder;  ///< empty where it is missing
  std::string primary;                                  ///< rule, of the baseline
  std::vector<ComparedRule> rules;
  std::vector<ComparedNumber> numbers;   ///< of the series
  std::vector<std::string> differences;  ///< beyond the limits, one sentence each
  std::vector<std::string> told;         ///< what also changed and does not count

  bool within() const { return differences.empty(); }
};

struct Comparison {
  std::filesystem::path baseline, fresh;
  CompareLimits limits;
  std::vector<ComparedImage> images;     ///< by stem
  std::vector<std::string> differences;  ///< of the folders as wholes
  std::vector<std::string> told;

  bool within() const;
};

/// Compares two results' folders, each of a run or of one image. Images are matched by stem, rules
/// by name, regions by overlap. A missing image, rule or file is a difference. Throws InputError
/// where a folder holds no result, or a file of it cannot be read.
Comparison compare_results(const std::filesystem::path& baseline,
                           const std::filesystem::path& fresh, const CompareLimits& limits);

/// Reads a label map. CV_16UC1. Throws InputError.
cv::Mat read_label_map(const std::filesystem::path& path);

}  // namespace metamict
