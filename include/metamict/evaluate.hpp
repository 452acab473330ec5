// SPDX-License-Identifier: GPL-3.0-or-later
// Measures how well a label map agrees with the truth.
#pragma once

#include <cstdint>
#include <opencv2/core.hpp>
#include <optional>
#include <vector>

namespace metamict {

struct RegionMatch {
  std::int64_t truth = 0;
  std::optional<std::int64_t> label;  ///< the label matched to it, one to one
  double iou = 0;
};

struct Evaluation {
  double ari = 0;
  double mean_iou = 0;               ///< over the truth's regions, unmatched ones count 0
  std::vector<RegionMatch> regions;  ///< by truth label
  std::uint64_t pixels = 0;          ///< compared
};

/// Compares two label images without the pixels whose truth is `ignore`. Any type that holds whole
/// numbers will do. Regions are matched one to one so that the sum of IoU is largest (Hungarian
/// method). Throws InputError if sizes differ, a number is not whole, or no pixel is left.
Evaluation evaluate(const cv::Mat& labels, const cv::Mat& truth,
                    std::optional<std::int64_t> ignore = {});

}  // namespace metamict
