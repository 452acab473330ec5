// SPDX-License-Identifier: GPL-3.0-or-later
// How well a label map agrees with a truth.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <span>
#include <vector>

namespace metamict {

/// Adjusted Rand index of two labelings of the same items (Hubert and Arabie 1985); 1 for identical partitions, also
/// when both are trivial. Throws UsageError when the lengths differ or are zero.
double adjusted_rand_index(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

struct RegionMatch {
  int truth = 0;
  std::optional<int> label;  ///< the label matched to it, one to one
  double iou = 0;
};

struct Evaluation {
  double ari = 0;
  double mean_iou = 0;               ///< over the truth's regions, unmatched ones count 0
  std::vector<RegionMatch> regions;  ///< by truth label
  std::uint64_t pixels = 0;          ///< compared
};

/// Compares two label images (CV_16UC1 or CV_8UC1 of one size); pixels whose truth is `ignore` are left out. Regions
/// are matched one to one so that the sum of IoU is largest (Hungarian method). Throws InputError for different sizes.
Evaluation evaluate(const cv::Mat& labels, const cv::Mat& truth, std::optional<int> ignore = {});

/// One-to-one assignment of rows to columns with the largest total (rows x cols row-major weights); -1 = unassigned.
std::vector<int> best_assignment(std::span<const double> weights, int rows, int cols);

}  // namespace metamict
