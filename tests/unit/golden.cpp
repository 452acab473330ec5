// SPDX-License-Identifier: GPL-3.0-or-later
// One sample micrograph through the whole pipeline against figures that were looked at and kept.
// The files in tests/golden never update themselves: this test writes what it found to
// <build>/golden, and a person who has seen why it differs copies it.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "metamict/labelings.hpp"
#include "metamict/pipeline.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using nlohmann::json;

constexpr double tolerance = 1e-4;         // of figures: another processor adds in another order
constexpr double lowest_agreement = 0.99;  // adjusted Rand index of the chips' communities

Result segment_sample() {
  Micrograph image =
      load_micrograph(std::filesystem::path(METAMICT_SOURCE_DIR) / "data/lfo_sto_0p1dpa.tif");
  image.pixels = image.pixels(cv::Rect(200, 40, 560, 480)).clone();
  image.input_size = image.pixels.size();
  const auto encoder = test::fake_encoder();
  SegmentOptions options;
  options.chips.chip_size_px = 46.0;
  return segment(std::move(image), *encoder, options);
}

json figures_of(const Result& result) {
  json figures;
  figures["chips"] = result.grid.chips();
  figures["mean"] = result.similarity.statistics.mean;
  figures["median"] = result.similarity.statistics.median;
  figures["mode"] = result.mode;
  for (const RuleResult& rule : result.rules) {
    json& mine = figures["rules"][rule.name];
    mine["regions"] = rule.regions.size();
    if (rule.communities.modularity) mine["modularity"] = *rule.communities.modularity;
    for (const Region& region : rule.regions)
      mine["area_share"].push_back(static_cast<double>(region.area_px) /
                                   static_cast<double>(rule.map.labels.total()));
  }
  return figures;
}

/// Columns: one per rule, communities by chip.
std::string communities_of(const Result& result) {
  std::ostringstream out;
  for (std::size_t node = 0; node < result.grid.chips(); ++node)
    for (std::size_t i = 0; i < result.rules.size(); ++i)
      out << result.rules[i].communities.community[node]
          << (i + 1 < result.rules.size() ? ',' : '\n');
  return out.str();
}

void expect_alike(const json& kept, const json& found, const std::string& where) {
  ASSERT_EQ(kept.is_structured(), found.is_structured()) << where;
  if (kept.is_number()) {
    EXPECT_NEAR(kept.get<double>(), found.get<double>(), tolerance) << where;
    return;
  }
  ASSERT_EQ(kept.size(), found.size()) << where;
  if (kept.is_array())
    for (std::size_t i = 0; i < kept.size(); ++i)
      expect_alike(kept[i], found[i], where + "/" + std::to_string(i));
  for (const auto& [key, value] : kept.items())
    if (kept.is_object()) {
      ASSERT_TRUE(found.contains(key)) << where << "/" << key;
      expect_alike(value, found[key], where + "/" + key);
    }
}

/// The columns of a file of communities: one partition per rule.
std::vector<std::vector<std::int32_t>> columns_of(const std::string& text) {
  std::vector<std::vector<std::int32_t>> columns;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::string cell;
    for (std::size_t i = 0; std::getline(cells, cell, ','); ++i) {
      if (columns.size() <= i) columns.emplace_back();
      columns[i].push_back(std::stoi(cell));
    }
  }
  return columns;
}

TEST(Golden, TheSampleMicrographGivesWhatItGave) {
  const Result result = segment_sample();
  const json found = figures_of(result);
  const std::string communities = communities_of(result);
  const std::filesystem::path folder = std::filesystem::path(METAMICT_BUILD_DIR) / "golden",
                              golden = std::filesystem::path(METAMICT_SOURCE_DIR) / "tests/golden";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "film.json") << found.dump(1) << '\n';
  std::ofstream(folder / "film_communities.csv") << communities;

  expect_alike(json::parse(test::slurp(golden / "film.json")), found, "film.json");
  const auto kept = columns_of(test::slurp(golden / "film_communities.csv")),
             now = columns_of(communities);
  ASSERT_EQ(kept.size(), now.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    ASSERT_EQ(kept[i].size(), now[i].size());
    EXPECT_GE(adjusted_rand_index(kept[i], now[i]), lowest_agreement) << result.rules[i].name;
  }
}

}  // namespace
}  // namespace metamict
