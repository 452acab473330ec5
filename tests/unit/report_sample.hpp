// SPDX-License-Identifier: GPL-3.0-or-later
// A small finished segmentation, made by hand so that every number of it is known.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "metamict/pipeline.hpp"
#include "support/support.hpp"

namespace metamict::test {

/// 96 x 160 px, chips of 32 px every 8 px in the input's own scale: three stripes of 80, 48 and 32
/// columns, and a corner without a region.
struct ReportSample {
  std::optional<double> nm_per_pixel = 0.05;
  std::string path = "film.tif";
  std::vector<std::string> cuts = {"mean", "0.75"};
};

inline int stripe_at(double x) { return x < 80 ? 0 : x < 128 ? 1 : 2; }

inline Embeddings embeddings_of_stripes(const ChipGrid& grid) {
  constexpr int features = 6;
  std::mt19937 random(7);
  Embeddings embeddings;
  embeddings.rows_ND.resize(static_cast<Eigen::Index>(grid.chips()), features);
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    auto row = embeddings.rows_ND.row(static_cast<Eigen::Index>(node));
    for (int f = 0; f < features; ++f)
      row[f] = 0.25F * static_cast<float>(random()) / 4294967296.0F;
    const cv::Rect2d chip = grid.chip_in_input(node);
    row[stripe_at(chip.x + chip.width / 2)] += 1;
    row /= row.norm();
  }
  embeddings.encoder = {"sample encoder",
                        std::string(64, 'e'),
                        "fake",
                        "made by hand",
                        features,
                        32,
                        4,
                        "float32",
                        "cpu",
                        "chip",
                        "fake"};
  return embeddings;
}

inline RuleResult rule_of_stripes(const Result& result, const std::string& name) {
  RuleResult rule;
  rule.name = name;
  Communities& communities = rule.communities;
  for (std::size_t node = 0; node < result.grid.chips(); ++node) {
    const cv::Rect2d chip = result.grid.chip_in_input(node);
    communities.community.push_back(stripe_at(chip.x + chip.width / 2));
    communities.node_stability.push_back(static_cast<float>(node % 5) / 5 + 0.1F);
  }
  communities.count = 3;
  communities.stability = 0.875;
  communities.engine = "igraph";
  cv::Mat labels(result.micrograph.pixels.size(), CV_16U);
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x)
      labels.at<std::uint16_t>(y, x) =
          static_cast<std::uint16_t>(y < 10 && x < 10 ? 0 : stripe_at(x) + 1);
  rule.map = {labels, {-1, 0, 1, 2}, {1, 2, 3}, {100, 80 * 96 - 100, 48 * 96, 32 * 96}};
  for (int label = 1; label <= 3; ++label) {
    Region region{label,
                  0,
                  rule.map.area_px[static_cast<std::size_t>(label)],
                  {},
                  0.25 * label,
                  10.0 * label,
                  {20.0 * label, 48},
                  {},
                  {},
                  {}};
    if (result.micrograph.nm_per_pixel)
      region.area_nm2 =
          static_cast<double>(region.area_px) * std::pow(*result.micrograph.nm_per_pixel, 2);
    region.chips = static_cast<std::size_t>(
        std::count(communities.community.begin(), communities.community.end(), label - 1));
    rule.regions.push_back(region);
  }
  rule.community_scores = community_scores(result.similarity, communities);
  return rule;
}

/// The threshold rules of `sample.cuts` and a derived rule "joined" without a graph, which is not
/// the primary one.
inline Result sample_result(const ReportSample& sample = {}) {
  Result result;
  result.micrograph =
      micrograph_of(draw_lattice({.rows = 96, .cols = 160, .period_px = 8}), sample.nm_per_pixel);
  result.micrograph.path = sample.path;
  result.micrograph.sha256 = std::string(64, 'a');
  result.chip_size = {32, Lattice{8.0, 0.0, 12.0}, {}, "measured lattice", {}};
  result.grid = lay_grid(result.micrograph.pixels.size(), result.micrograph.pixels.size(), 32, 8);
  for (std::size_t node = 0; node < result.grid.chips(); ++node)
    result.order.push_back(static_cast<float>(node) / static_cast<float>(result.grid.chips()));
  result.embeddings = embeddings_of_stripes(result.grid);
  result.similarity = compare(result.embeddings);
  result.mode = mode_of(result.similarity.statistics);
  for (const std::string& cut : sample.cuts) {
    RuleResult rule = rule_of_stripes(result, cut);
    rule.graph = link(result.similarity, choose_cut(result.similarity, parse_cut_rule(cut)));
    rule.communities.modularity = 0.5;
    result.rules.push_back(std::move(rule));
  }
  RuleResult joined = rule_of_stripes(result, "joined");
  joined.kind = RuleKind::derived;
  result.rules.push_back(std::move(joined));
  result.primary = sample.cuts.empty() ? "joined" : sample.cuts.back();
  result.engine = "igraph";
  result.notes = {"a note with <markup> & \"quotes\""};
  return result;
}

}  // namespace metamict::test
