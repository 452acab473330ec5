// SPDX-License-Identifier: GPL-3.0-or-later
// Outlines as GeoJSON over random label maps, with islands in holes: filled polygon by polygon they
// are the map again.
#include "report/files/geojson.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

namespace metamict {
namespace {

using nlohmann::json;

/// Turns every pixel inside a ring of axis-parallel edges over.
void turn_over(cv::Mat& mask, const json& ring) {
  for (std::size_t k = 0; k + 1 < ring.size(); ++k) {
    const int x = ring[k][0];
    if (ring[k + 1][0] != x) continue;
    const int from = ring[k][1], to = ring[k + 1][1];
    for (int y = std::min(from, to); y < std::max(from, to); ++y)
      for (int col = x; col < mask.cols; ++col) mask.at<unsigned char>(y, col) ^= 1;
  }
}

cv::Mat random_map(unsigned seed) {
  std::mt19937 random(seed);
  cv::Mat map = cv::Mat::zeros(24, 30, CV_16UC1);
  for (int patch = 0; patch < 12; ++patch) {
    const cv::Rect box(static_cast<int>(random() % 24), static_cast<int>(random() % 20),
                       1 + static_cast<int>(random() % 14), 1 + static_cast<int>(random() % 14));
    map(box & cv::Rect(0, 0, map.cols, map.rows)) = static_cast<int>(random() % 4);
  }
  for (int speck = 0; speck < 20; ++speck)
    map.at<std::uint16_t>(static_cast<int>(random() % 24), static_cast<int>(random() % 30)) =
        static_cast<std::uint16_t>(random() % 4);
  return map;
}

TEST(GeoJson, PolygonsWithTheirHolesAreTheRegions) {
  int holes = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    const cv::Mat map = random_map(seed);
    const std::vector<SeriesLabel> names = {{1, {}, "one"}, {2, {}, "two"}, {3, {}, "three"}};
    cv::Mat drawn = cv::Mat::zeros(map.size(), CV_16UC1);
    const json outlines = json::parse(outlines_geojson(map, names));
    for (const json& feature : outlines["features"]) {
      const json& geometry = feature["geometry"];
      for (const json& polygon : geometry["type"] == "Polygon"
                                     ? json::array({geometry["coordinates"]})
                                     : geometry["coordinates"]) {
        cv::Mat mask = cv::Mat::zeros(map.size(), CV_8UC1), parts;
        for (const json& ring : polygon) turn_over(mask, ring);
        EXPECT_EQ(cv::connectedComponents(mask, parts, 4), 2)
            << "a hole of another polygon, seed " << seed;
        EXPECT_EQ(cv::countNonZero((drawn != 0) & (mask != 0)), 0) << "polygons overlap";
        drawn.setTo(feature["id"].get<int>(), mask);
        holes += static_cast<int>(polygon.size()) - 1;
      }
    }
    EXPECT_EQ(cv::countNonZero(drawn != map), 0) << "seed " << seed;
  }
  EXPECT_GT(holes, 20);
}

TEST(GeoJson, SaysWhatIsKnownOfARegion) {
  const cv::Mat map(4, 5, CV_16UC1, cv::Scalar(1));
  SeriesRegion region{1, 20, 5.0, 0.75, 100, {1, 2}};
  region.confidence = 0.9;
  const json outlines = json::parse(outlines_geojson(map, {{1, {}, "film"}}, {}, {region}));
  EXPECT_EQ(outlines["features"][0]["properties"]["measurements"],
            (json{{"area_px", 20}, {"area_nm2", 5.0}, {"order", 0.75}, {"confidence", 0.9}}));
}

}  // namespace
}  // namespace metamict
