// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/result.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "labels/composition_border.hpp"

namespace metamict {

namespace {

struct Sums {
  double intensity = 0, x = 0, y = 0;
};

/// Sums over the pixels of each label in double, row by row: the same for any number of threads.
std::vector<Sums> sum_over_labels(const cv::Mat& labels, const cv::Mat& pixels, std::size_t count) {
  std::vector<Sums> sums(count);
  for (int y = 0; y < labels.rows; ++y) {
    const auto* label = labels.ptr<std::uint16_t>(y);
    const auto* value = pixels.ptr<float>(y);
    for (int x = 0; x < labels.cols; ++x) {
      Sums& sum = sums[label[x]];
      sum.intensity += value[x];
      sum.x += x;
      sum.y += y;
    }
  }
  return sums;
}

}  // namespace

const RuleResult& Result::primary_rule() const {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [this](const RuleResult& rule) { return rule.name == primary; });
  return found != rules.end() ? *found : rules.back();
}

RuleResult& Result::primary_rule() {
  return const_cast<RuleResult&>(std::as_const(*this).primary_rule());
}

std::vector<Region> measure_regions(const Micrograph& micrograph, const LabelMap& map,
                                    const Communities& communities,
                                    const std::vector<float>& order) {
  const std::size_t labels = map.area_px.size();
  const std::vector<Sums> sums = sum_over_labels(map.labels, micrograph.pixels, labels);
  std::vector<double> order_sum(labels, 0.0);
  std::vector<Region> regions(labels > 0 ? labels - 1 : 0);
  for (std::size_t node = 0; node < communities.community.size(); ++node) {
    const int label = label_of_chip(map, communities, node);
    if (label == 0) continue;
    ++regions[static_cast<std::size_t>(label - 1)].chips;
    order_sum[static_cast<std::size_t>(label)] += order[node];
  }
  for (std::size_t label = 1; label < labels; ++label) {
    Region& region = regions[label - 1];
    const auto area = static_cast<double>(map.area_px[label]);
    region.label = static_cast<int>(label);
    region.area_px = map.area_px[label];
    if (micrograph.nm_per_pixel)
      region.area_nm2 = area * *micrograph.nm_per_pixel * *micrograph.nm_per_pixel;
    if (region.chips > 0) region.order = order_sum[label] / static_cast<double>(region.chips);
    if (area > 0) {
      region.mean_intensity = sums[label].intensity / area;
      region.centroid_px = {sums[label].x / area, sums[label].y / area};
    }
  }
  if (micrograph.maps) {
    const auto counts = counts_of_labels(*micrograph.maps, map.labels, labels);
    for (Region& region : regions)
      region.composition =
          shares_of(*micrograph.maps, counts[static_cast<std::size_t>(region.label)]);
  }
  return regions;
}

}  // namespace metamict
