// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/looks.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <opencv2/imgproc.hpp>
#include <random>

#include "labels/touching_labels.hpp"

namespace metamict {

namespace {

/// How many chips each region and each group of a look have, alone and in common.
struct Overlaps {
  std::map<std::pair<int, std::int32_t>, std::size_t> common;
  std::map<int, std::size_t> regions;
  std::map<std::int32_t, std::size_t> groups;

  Overlaps(const std::vector<int>& label_of_chip, const Look& look) {
    for (std::size_t chip = 0; chip < label_of_chip.size(); ++chip) {
      const std::int32_t group = look.group_of_chip[chip];
      if (label_of_chip[chip] == 0 || group < 0) continue;
      ++common[{label_of_chip[chip], group}];
      ++regions[label_of_chip[chip]];
      ++groups[group];
    }
  }

  /// The group that covers a region best, and how well.
  std::pair<std::int32_t, double> best_for(int label) const {
    std::pair<std::int32_t, double> best{-1, 0};
    for (auto at = common.lower_bound({label, std::numeric_limits<std::int32_t>::min()});
         at != common.end() && at->first.first == label; ++at) {
      const std::int32_t group = at->first.second;
      const double iou = static_cast<double>(at->second) /
                         static_cast<double>(regions.at(label) + groups.at(group) - at->second);
      if (iou > best.second) best = {group, iou};
    }
    return best;
  }

  /// The region that most of a group's chips are in.
  int most_in(std::int32_t group) const {
    std::pair<std::size_t, int> most{0, 0};
    for (const auto& [label, chips] : regions) {
      const auto at = common.find({label, group});
      if (at != common.end() && at->second > most.first) most = {at->second, label};
    }
    return most.second;
  }

  /// The group that most of a region's chips are in.
  std::int32_t most_of(int label) const {
    std::pair<std::size_t, std::int32_t> most{0, -1};
    for (auto at = common.lower_bound({label, std::numeric_limits<std::int32_t>::min()});
         at != common.end() && at->first.first == label; ++at)
      if (at->second > most.first) most = {at->second, at->first.second};
    return most.second;
  }
};

void find_borders_in_doubt(RuleResult& rule, const ChipGrid& grid,
                           const std::vector<int>& label_of_chip,
                           const std::vector<Overlaps>& overlaps, Notes& notes) {
  constexpr std::size_t most_notes = 6;
  std::size_t noted = 0;
  const auto label_at = [&](int row, int col) { return label_of_chip[grid.node(row, col)]; };
  for (const auto& [a, b] : touching_labels({grid.cols, grid.rows}, label_at)) {
    std::size_t joined = 0;
    for (const Overlaps& look : overlaps) {
      const std::int32_t group = look.most_of(a);
      joined += group >= 0 && group == look.most_of(b);
    }
    if (3 * joined <= overlaps.size()) continue;
    rule.doubtful_borders.emplace_back(std::min(a, b), std::max(a, b));
    if (++noted > most_notes) continue;
    notes.push_back(rule.name + ": regions " + std::to_string(a) + " and " + std::to_string(b) +
                    " are one region in " + std::to_string(joined) + " of " +
                    std::to_string(overlaps.size()) +
                    " looks at the image: the border between them is in doubt");
  }
}

/// The noise of each pixel without what changes slowly: the difference between two diagonal means
/// of a 2 x 2 square.
double noise_variance(const cv::Mat& block) {
  double sum = 0;
  std::size_t count = 0;
  for (int y = 0; y + 1 < block.rows; y += 2)
    for (int x = 0; x + 1 < block.cols; x += 2) {
      const double d = (block.at<float>(y, x) + block.at<float>(y + 1, x + 1) -
                        block.at<float>(y, x + 1) - block.at<float>(y + 1, x)) /
                       2.0;
      sum += d * d;
      ++count;
    }
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

}  // namespace

void judge_by_looks(RuleResult& rule, const ChipGrid& grid, const std::vector<Look>& looks,
                    Looks& summary, Notes& notes) {
  if (looks.empty()) return;
  std::vector<int> label_of_chip(grid.chips());
  for (std::size_t chip = 0; chip < grid.chips(); ++chip)
    label_of_chip[chip] = metamict::label_of_chip(rule.map, rule.communities, chip);
  rule.agreement.assign(grid.chips(), 0);
  std::vector<double> again(rule.regions.size() + 1, 0);
  std::vector<Overlaps> overlaps;
  for (const Look& look : looks) {
    overlaps.emplace_back(label_of_chip, look);
    std::vector<std::int32_t> match(rule.regions.size() + 1, -1);
    std::map<std::int32_t, int> region_of_group;
    for (const auto& [group, chips] : overlaps.back().groups)
      region_of_group[group] = overlaps.back().most_in(group);
    for (std::size_t label = 1; label < match.size(); ++label) {
      const auto [group, iou] = overlaps.back().best_for(static_cast<int>(label));
      match[label] = group;
      again[label] += iou >= same_region_iou;
    }
    for (std::size_t chip = 0; chip < grid.chips(); ++chip) {
      const auto label = static_cast<std::size_t>(label_of_chip[chip]);
      const std::int32_t group = look.group_of_chip[chip];
      // A group that joins two regions is the larger one's: the other's chips changed sides.
      if (label > 0 && group >= 0 && group == match[label] &&
          region_of_group.at(group) == static_cast<int>(label))
        rule.agreement[chip] += 1.0F / static_cast<float>(looks.size());
    }
    if (std::find(summary.kinds.begin(), summary.kinds.end(), look.kind) == summary.kinds.end())
      summary.kinds.push_back(look.kind);
  }
  for (Region& region : rule.regions)
    region.confidence =
        again[static_cast<std::size_t>(region.label)] / static_cast<double>(looks.size());
  summary.count = static_cast<int>(looks.size());
  double sum = 0, seen = 0;
  for (std::size_t chip = 0; chip < grid.chips(); ++chip)
    if (label_of_chip[chip] > 0) {
      sum += rule.agreement[chip];
      seen += 1;
    }
  summary.agreement = seen > 0 ? sum / seen : 1;
  find_borders_in_doubt(rule, grid, label_of_chip, overlaps, notes);
}

double estimate_gain(const cv::Mat& pixels) {
  constexpr int edge = 16;
  std::vector<std::pair<double, double>> points;  // mean grey and variance of the noise
  for (int y = 0; y + edge <= pixels.rows; y += edge)
    for (int x = 0; x + edge <= pixels.cols; x += edge) {
      const cv::Mat block = pixels(cv::Rect(x, y, edge, edge));
      points.emplace_back(cv::mean(block)[0], noise_variance(block));
    }
  if (points.size() < 8) return 0;
  // Lattices add to the variance of some blocks, so the lower half of each grey's blocks counts.
  std::sort(points.begin(), points.end());
  double x_mean = 0, y_mean = 0, n = 0, xy = 0, xx = 0;
  const std::size_t group = std::max<std::size_t>(4, points.size() / 16);
  std::vector<std::pair<double, double>> lower;
  for (std::size_t first = 0; first + group <= points.size(); first += group) {
    std::vector<std::pair<double, double>> some(
        points.begin() + static_cast<std::ptrdiff_t>(first),
        points.begin() + static_cast<std::ptrdiff_t>(first + group));
    std::sort(some.begin(), some.end(),
              [](const auto& a, const auto& b) { return a.second < b.second; });
    lower.push_back(some[some.size() / 4]);
  }
  for (const auto& [x, y] : lower) {
    x_mean += x;
    y_mean += y;
    n += 1;
  }
  if (n < 2) return 0;
  x_mean /= n;
  y_mean /= n;
  for (const auto& [x, y] : lower) {
    xy += (x - x_mean) * (y - y_mean);
    xx += (x - x_mean) * (x - x_mean);
  }
  const double slope = xx > 0 ? xy / xx : 0;
  // Where the grey hardly changes, its own noise over its mean must do.
  if (slope > 0) return slope;
  return x_mean > 0 && y_mean > 0 ? y_mean / x_mean : 0;
}

cv::Mat thinned(const cv::Mat& pixels, std::uint64_t seed) {
  double lowest = 0;
  cv::minMaxLoc(pixels, &lowest);
  const double floor = std::min(lowest, 0.0);  // a detector's offset below zero holds no electrons
  const double gain = estimate_gain(pixels);
  if (gain <= 0) return pixels.clone();
  std::mt19937_64 random(seed);
  cv::Mat result(pixels.size(), CV_32F);
  for (int y = 0; y < pixels.rows; ++y)
    for (int x = 0; x < pixels.cols; ++x) {
      const double electrons = std::max(0.0, (pixels.at<float>(y, x) - floor) / gain);
      const auto whole = static_cast<long>(electrons);
      // The part of an electron that is left is kept by chance, so that the mean stays.
      const double part = electrons - static_cast<double>(whole);
      long kept = whole > 0 ? std::binomial_distribution<long>(whole, 0.5)(random) : 0;
      if (std::bernoulli_distribution(0.5 * part)(random)) ++kept;
      result.at<float>(y, x) = static_cast<float>(floor + gain * static_cast<double>(kept));
    }
  return result;
}

std::vector<Look> fresh_looks(const Micrograph& micrograph, const ChipGrid& grid, int count,
                              std::uint64_t seed, const SegmentAgain& again) {
  enum class Kind { thinned, mirrored, smaller, larger, turned };
  constexpr Kind kinds[] = {Kind::thinned, Kind::mirrored, Kind::smaller, Kind::larger,
                            Kind::turned};
  constexpr const char* names[] = {"half of the electrons", "mirrored", "chips a fifth smaller",
                                   "chips a fifth larger", "turned half round"};
  std::vector<Look> looks;
  for (int k = 0; k < count; ++k) {
    const Kind kind = kinds[k % 5];
    const int code = kind == Kind::mirrored ? 1 : -1;  // OpenCV's: about the vertical axis, or both
    const bool flipped = kind == Kind::mirrored || kind == Kind::turned;
    Micrograph changed = micrograph;
    if (kind == Kind::thinned) {
      changed.pixels = thinned(micrograph.pixels, seed + static_cast<std::uint64_t>(k));
      if (micrograph.maps)
        changed.maps = std::make_shared<const ElementMaps>(
            thinned(*micrograph.maps, seed + static_cast<std::uint64_t>(k)));
    }
    if (flipped) {
      cv::flip(micrograph.pixels, changed.pixels, code);
      changed.mirrored = code;
      if (micrograph.maps)
        changed.maps = std::make_shared<const ElementMaps>(
            mirrored(*micrograph.maps, code, micrograph.pixels.size()));
      if (!micrograph.mask.empty()) cv::flip(micrograph.mask, changed.mask, code);
    }
    cv::Mat labels = again(std::move(changed), kind == Kind::smaller  ? 0.8
                                               : kind == Kind::larger ? 1.2
                                                                      : 1.0);
    if (flipped) cv::flip(labels, labels, code);
    Look look{std::vector<std::int32_t>(grid.chips(), -1), names[k % 5]};
    for (std::size_t chip = 0; chip < grid.chips(); ++chip) {
      const cv::Rect2d at = grid.chip_in_input(chip);
      const int x = std::clamp(cvFloor(at.x + at.width / 2), 0, labels.cols - 1),
                y = std::clamp(cvFloor(at.y + at.height / 2), 0, labels.rows - 1);
      const int label = labels.at<std::uint16_t>(y, x);
      if (label > 0) look.group_of_chip[chip] = label;
    }
    looks.push_back(std::move(look));
  }
  return looks;
}

}  // namespace metamict
