// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/evaluate.hpp"

#include <iterator>
#include <map>
#include <string>

#include "base/contingency.hpp"
#include "metamict/errors.hpp"
#include "metamict/labelings.hpp"

namespace metamict {
namespace {

cv::Mat as_16u(const cv::Mat& image, const char* what) {
  if (image.type() == CV_16UC1) return image;
  if (image.type() != CV_8UC1)
    throw InputError(std::string("the ") + what +
                     " image is not a grey image of 8 or 16 bits: labels are whole numbers");
  cv::Mat wide;
  image.convertTo(wide, CV_16U);
  return wide;
}

std::string size_text(const cv::Mat& image) {
  return std::to_string(image.cols) + " x " + std::to_string(image.rows) + " px";
}

using Sizes = std::map<std::int32_t, std::uint64_t>;

std::vector<RegionMatch> match_regions(const std::vector<Contingency::Cell>& cells) {
  const Sizes labels = sizes_of(cells, &Contingency::Cell::a), truths = sizes_of(cells, &Contingency::Cell::b);
  const auto place = [](const Sizes& sizes, std::int32_t label) {
    return static_cast<std::size_t>(std::distance(sizes.begin(), sizes.find(label)));
  };
  std::vector<double> ious(labels.size() * truths.size(), 0.0);
  for (const auto& cell : cells) {
    const std::uint64_t either = labels.at(cell.a) + truths.at(cell.b) - cell.count;
    ious[place(truths, cell.b) * labels.size() + place(labels, cell.a)] =
        static_cast<double>(cell.count) / static_cast<double>(either);
  }
  const std::vector<int> assigned =
      best_assignment(ious, static_cast<int>(truths.size()), static_cast<int>(labels.size()));
  std::vector<RegionMatch> regions;
  for (const auto& [truth, count] : truths) {
    const std::size_t row = regions.size();
    RegionMatch match{truth, {}, 0};
    if (assigned[row] >= 0) {
      match.label = std::next(labels.begin(), assigned[row])->first;
      match.iou = ious[row * labels.size() + static_cast<std::size_t>(assigned[row])];
    }
    regions.push_back(match);
  }
  return regions;
}

}  // namespace

Evaluation evaluate(const cv::Mat& labels, const cv::Mat& truth, std::optional<int> ignore) {
  if (labels.size() != truth.size())
    throw InputError("the label image is " + size_text(labels) + " but the truth is " + size_text(truth) +
                     ": they must be of the same image");
  const cv::Mat ours = as_16u(labels, "label"), theirs = as_16u(truth, "truth");
  Contingency table;
  Evaluation result;
  for (int y = 0; y < ours.rows; ++y) {
    const std::uint16_t *a = ours.ptr<std::uint16_t>(y), *b = theirs.ptr<std::uint16_t>(y);
    for (int x = 0; x < ours.cols; ++x) {
      if (ignore && b[x] == *ignore) continue;
      table.add(a[x], b[x]);
      ++result.pixels;
    }
  }
  if (result.pixels == 0)
    throw InputError("no pixel is left to compare: the truth image holds nothing but the ignored label");
  const auto cells = table.cells();
  result.ari = adjusted_rand_index(cells);
  result.regions = match_regions(cells);
  for (const RegionMatch& region : result.regions)
    result.mean_iou += region.iou / static_cast<double>(result.regions.size());
  return result;
}

}  // namespace metamict
