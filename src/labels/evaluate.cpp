// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <unordered_map>

#include "base/contingency.hpp"
#include "base/text.hpp"
#include "image/size_text.hpp"
#include "metamict/errors.hpp"
#include "metamict/labelings.hpp"

namespace metamict {
namespace {

/// A label image's numbers from 0 in the order in which they are met, and which label each stands
/// for.
struct Numbered {
  cv::Mat numbers;  ///< CV_32SC1
  std::vector<std::int64_t> labels;
};

Numbered number_labels(const cv::Mat& image, const char* what) {
  if (image.channels() != 1)
    throw InputError(std::string("the ") + what + " image is not one of single numbers");
  cv::Mat values;
  image.convertTo(values, CV_64F);
  Numbered result{cv::Mat(image.size(), CV_32SC1), {}};
  std::unordered_map<std::int64_t, std::int32_t> known;
  for (int y = 0; y < values.rows; ++y)
    for (int x = 0; x < values.cols; ++x) {
      const double value = values.at<double>(y, x);
      constexpr double most =
          9007199254740992;  // 2^53: beyond it a double holds no longer every whole number
      if (!(std::abs(value) <= most) || value != std::floor(value))
        throw InputError(std::string("the ") + what + " image is " + significant(value, 6) +
                         " at pixel (" + std::to_string(x) + ", " + std::to_string(y) +
                         "), but labels are whole numbers");
      const auto label = static_cast<std::int64_t>(value);
      const auto [found, fresh] =
          known.try_emplace(label, static_cast<std::int32_t>(result.labels.size()));
      if (fresh) result.labels.push_back(label);
      result.numbers.at<std::int32_t>(y, x) = found->second;
    }
  return result;
}

using Sizes = std::map<std::int32_t, std::uint64_t>;

// The numbers of the labels that meet, in the labels' own order.
std::vector<std::int32_t> in_order(const Sizes& sizes, const std::vector<std::int64_t>& labels) {
  std::vector<std::int32_t> numbers;
  for (const auto& [number, count] : sizes) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end(), [&](std::int32_t a, std::int32_t b) {
    return labels[static_cast<std::size_t>(a)] < labels[static_cast<std::size_t>(b)];
  });
  return numbers;
}

std::vector<RegionMatch> match_regions(const std::vector<Contingency::Cell>& cells,
                                       const Numbered& ours, const Numbered& theirs) {
  const Sizes label_sizes = sizes_of(cells, &Contingency::Cell::a),
              truth_sizes = sizes_of(cells, &Contingency::Cell::b);
  const auto labels = in_order(label_sizes, ours.labels),
             truths = in_order(truth_sizes, theirs.labels);
  std::unordered_map<std::int32_t, std::size_t> label_place, truth_place;
  for (std::size_t i = 0; i < labels.size(); ++i) label_place[labels[i]] = i;
  for (std::size_t i = 0; i < truths.size(); ++i) truth_place[truths[i]] = i;
  std::vector<double> ious(labels.size() * truths.size(), 0.0);
  for (const auto& cell : cells) {
    const std::uint64_t either = label_sizes.at(cell.a) + truth_sizes.at(cell.b) - cell.count;
    ious[truth_place[cell.b] * labels.size() + label_place[cell.a]] =
        static_cast<double>(cell.count) / static_cast<double>(either);
  }
  const std::vector<int> assigned =
      best_assignment(ious, static_cast<int>(truths.size()), static_cast<int>(labels.size()));
  std::vector<RegionMatch> regions;
  for (std::size_t row = 0; row < truths.size(); ++row) {
    RegionMatch match{theirs.labels[static_cast<std::size_t>(truths[row])], {}, 0};
    if (assigned[row] >= 0) {
      const auto column = static_cast<std::size_t>(assigned[row]);
      match.label = ours.labels[static_cast<std::size_t>(labels[column])];
      match.iou = ious[row * labels.size() + column];
    }
    regions.push_back(match);
  }
  return regions;
}

}  // namespace

Evaluation evaluate(const cv::Mat& labels, const cv::Mat& truth,
                    std::optional<std::int64_t> ignore) {
  if (labels.size() != truth.size())
    throw InputError("the label image is " + size_text(labels.size()) + " but the truth is " +
                     size_text(truth.size()) + ": they must be of the same image");
  const Numbered ours = number_labels(labels, "label"), theirs = number_labels(truth, "truth");
  const auto ignored = ignore ? std::find(theirs.labels.begin(), theirs.labels.end(), *ignore) -
                                    theirs.labels.begin()
                              : std::ptrdiff_t{-1};
  Contingency table;
  Evaluation result;
  for (int y = 0; y < labels.rows; ++y) {
    const auto *a = ours.numbers.ptr<std::int32_t>(y), *b = theirs.numbers.ptr<std::int32_t>(y);
    for (int x = 0; x < labels.cols; ++x) {
      if (b[x] == ignored) continue;
      table.add(a[x], b[x]);
      ++result.pixels;
    }
  }
  if (result.pixels == 0)
    throw InputError(
        "no pixel is left to compare: the truth image holds nothing but the ignored label");
  const auto cells = table.cells();
  result.ari = adjusted_rand_index(cells);
  result.regions = match_regions(cells, ours, theirs);
  for (const RegionMatch& region : result.regions)
    result.mean_iou += region.iou / static_cast<double>(result.regions.size());
  return result;
}

}  // namespace metamict
