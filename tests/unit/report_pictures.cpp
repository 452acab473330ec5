// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures: what can be checked of them by reading the pixels back.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>
#include <set>
#include <tuple>

#include "report/pictures/chip_map.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/graph_layout.hpp"
#include "report/pictures/graph_plot.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/outlines.hpp"
#include "report/pictures/overlay.hpp"
#include "report/pictures/png.hpp"
#include "report/pictures/similarity_plot.hpp"
#include "unit/report_sample.hpp"

namespace metamict {
namespace {

using test::sample_result;

cv::Mat decoded(const std::string& png) {
  return cv::imdecode(std::vector<char>(png.begin(), png.end()), cv::IMREAD_UNCHANGED);
}

int pixels_near(const cv::Mat& picture, Colour colour) {
  cv::Mat mask;
  cv::inRange(picture, cv::Scalar(colour.b - 2, colour.g - 2, colour.r - 2),
              cv::Scalar(colour.b + 2, colour.g + 2, colour.r + 2), mask);
  return cv::countNonZero(mask);
}

TEST(Png, ReadsBackAsDrawn) {
  std::mt19937 random(5);
  for (const cv::Size size :
       {cv::Size(1, 1), cv::Size(7, 3), cv::Size(64, 129), cv::Size(300, 200)}) {
    cv::Mat grey(size, CV_8UC1), colour(size, CV_8UC4);
    for (auto& value : cv::Mat_<std::uint8_t>(grey)) value = static_cast<std::uint8_t>(random());
    for (auto& value : cv::Mat_<cv::Vec4b>(colour))
      value = {static_cast<std::uint8_t>(random()), 7, static_cast<std::uint8_t>(random()), 255};
    cv::Mat read = decoded(encode_picture(grey));
    ASSERT_EQ(read.type(), CV_8UC1);
    EXPECT_EQ(cv::norm(read, grey, cv::NORM_INF), 0);
    cv::Mat expected;
    cv::cvtColor(colour, expected, cv::COLOR_BGRA2BGR);
    read = decoded(encode_picture(colour));
    ASSERT_EQ(read.type(), CV_8UC3);
    EXPECT_EQ(cv::norm(read, expected, cv::NORM_INF), 0);
  }
}

// Brettel, Viénot and Mollon's simulation in its common linear form (Viénot 1999), for the two
// kinds of red-green deficiency.
std::array<double, 3> seen_by(Colour colour, bool protan) {
  const auto linear = [](std::uint8_t v) { return std::pow(v / 255.0, 2.2); };
  const double r = linear(colour.r), g = linear(colour.g), b = linear(colour.b);
  const double rg = protan ? 0.11238 * r + 0.88762 * g : 0.29275 * r + 0.70725 * g;
  const double blue = protan ? 0.00401 * r - 0.00401 * g + b : -0.02234 * r + 0.02234 * g + b;
  const auto perceived = [](double v) { return std::cbrt(std::max(v, 0.0)); };
  return {perceived(rg), perceived(rg), perceived(blue)};
}

TEST(Colours, FirstSevenStayApartForEveryone) {
  for (int a = 1; a <= 7; ++a)
    for (int b = 1; b < a; ++b)
      for (const bool protan : {false, true}) {
        const auto first = seen_by(region_colour(a), protan),
                   second = seen_by(region_colour(b), protan);
        double distance = 0;
        for (std::size_t i = 0; i < 3; ++i) distance += std::pow(first[i] - second[i], 2);
        EXPECT_GT(std::sqrt(distance), 0.06)
            << a << " and " << b << (protan ? " protan" : " deutan");
      }
}

TEST(Colours, AreOneAColour) {
  std::map<std::string, int> seen;
  for (int label = 0; label <= 42; ++label) ++seen[hex(region_colour(label))];
  EXPECT_EQ(seen.size(), 43U);
  EXPECT_EQ(hex(region_colour(1)), "#0072b2");
}

TEST(Colours, CividisGrowsBrighter) {
  double last = -1;
  for (int i = 0; i <= 50; ++i) {
    const Colour colour = cividis(i / 50.0);
    const double brightness = 0.2126 * std::pow(colour.r, 2.2) + 0.7152 * std::pow(colour.g, 2.2) +
                              0.0722 * std::pow(colour.b, 2.2);
    EXPECT_GT(brightness, last);
    last = brightness;
  }
}

cv::Mat random_labels(std::mt19937& random, int rows, int cols, int count) {
  cv::Mat labels(rows, cols, CV_16U);
  for (auto& label : cv::Mat_<std::uint16_t>(labels))
    label = static_cast<std::uint16_t>(random() % static_cast<unsigned>(count + 1));
  return labels;
}

/// Even-odd: how many edges lie left of the pixel's middle.
bool covers(const std::vector<Ring>& rings, int label, int x, int y) {
  int crossings = 0;
  for (const Ring& ring : rings) {
    if (ring.label != label) continue;
    for (std::size_t i = 0; i < ring.corners.size(); ++i) {
      const cv::Point a = ring.corners[i], b = ring.corners[(i + 1) % ring.corners.size()];
      if (a.x == b.x && a.x <= x && std::min(a.y, b.y) <= y && y < std::max(a.y, b.y)) ++crossings;
    }
  }
  return crossings % 2 == 1;
}

TEST(Outlines, FilledAgainAreTheLabels) {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    const cv::Mat labels = random_labels(random, 1 + static_cast<int>(random() % 12),
                                         1 + static_cast<int>(random() % 12), 3);
    const std::vector<Ring> rings = trace_outlines(labels);
    for (int y = 0; y < labels.rows; ++y)
      for (int x = 0; x < labels.cols; ++x)
        for (int label = 1; label <= 3; ++label)
          ASSERT_EQ(covers(rings, label, x, y), labels.at<std::uint16_t>(y, x) == label)
              << labels << " at " << x << ", " << y;
    for (const Ring& ring : rings)
      for (std::size_t i = 0; i < ring.corners.size(); ++i) {
        const cv::Point step = ring.corners[(i + 1) % ring.corners.size()] - ring.corners[i];
        EXPECT_TRUE((step.x == 0) != (step.y == 0)) << "only along pixel edges, and only at turns";
      }
  }
}

TEST(Outlines, ARingThatPassesItsFirstCornerKeepsIt) {
  cv::Mat labels(5, 5, CV_16U, cv::Scalar(1));
  labels.at<std::uint16_t>(1, 2) = 0;  // two holes that touch at the ring's first corner
  labels.at<std::uint16_t>(2, 1) = 0;
  const std::vector<Ring> rings = trace_outlines(labels);
  ASSERT_EQ(rings.size(), 2U);
  EXPECT_EQ(rings[1].corners.size(), 8U);
  EXPECT_TRUE(borders_between(labels, rings, {{1, 2}}).empty());
}

TEST(Outlines, ABorderBetweenTwoLabelsIsAllOfItOnce) {
  std::mt19937 random(12);
  for (int round = 0; round < 20; ++round) {
    const cv::Mat labels = random_labels(random, 2 + static_cast<int>(random() % 12),
                                         2 + static_cast<int>(random() % 12), 3);
    std::set<std::tuple<int, int, int, int>> expected, drawn;  // edges of pixels, from and to
    const auto is_between = [&](int y1, int x1, int y2, int x2) {
      const int a = labels.at<std::uint16_t>(y1, x1), b = labels.at<std::uint16_t>(y2, x2);
      return std::min(a, b) == 1 && std::max(a, b) == 3;
    };
    for (int y = 0; y < labels.rows; ++y)
      for (int x = 0; x < labels.cols; ++x) {
        if (x > 0 && is_between(y, x, y, x - 1)) expected.insert({x, y, x, y + 1});
        if (y > 0 && is_between(y, x, y - 1, x)) expected.insert({x, y, x + 1, y});
      }
    std::size_t steps = 0;
    for (const auto& chain : borders_between(labels, trace_outlines(labels), {{1, 3}}))
      for (std::size_t i = 1; i < chain.size(); ++i, ++steps)
        drawn.insert({std::min(chain[i - 1].x, chain[i].x), std::min(chain[i - 1].y, chain[i].y),
                      std::max(chain[i - 1].x, chain[i].x), std::max(chain[i - 1].y, chain[i].y)});
    EXPECT_EQ(drawn, expected) << labels;
    EXPECT_EQ(steps, expected.size());
  }
}

TEST(Outlines, AnchorsLieInsideTheirRegions) {
  cv::Mat labels(300, 400, CV_16U, cv::Scalar(0));
  labels(cv::Rect(0, 0, 100, 300)) = 1;
  cv::circle(labels, {250, 150}, 90, 2, cv::FILLED);
  cv::circle(labels, {250, 150}, 60, 3,
             cv::FILLED);  // 2 is a ring around it: its middle is not its own
  cv::rectangle(labels, {350, 0, 40, 40}, 1, cv::FILLED);  // a second part of 1
  labels(cv::Rect(120, 0, 100, 2)) = 4;                    // no room for a number
  std::map<int, int> count;
  for (const Anchor& anchor : label_anchors(labels, 10)) {
    EXPECT_EQ(labels.at<std::uint16_t>(cv::Point(anchor.at)), anchor.label);
    EXPECT_GE(anchor.depth_px, 10);
    ++count[anchor.label];
  }
  EXPECT_EQ(count, (std::map<int, int>{{1, 2}, {2, 1}, {3, 1}}));
}

TEST(ChipMap, GoesThroughTheValuesAtTheCentres) {
  const ChipGrid grid =
      lay_grid({100, 75}, {100, 75}, 16, 10);  // the last row and column are pulled in
  std::vector<float> values;
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    const cv::Rect2d chip = grid.chip_in_input(node);
    values.push_back(static_cast<float>(3 * chip.x - 2 * chip.y));
  }
  const cv::Mat map = chip_map(grid, values, grid.input_size);
  for (int y = 8; y < 67; ++y)  // between the outermost centres a plane is met exactly
    for (int x = 8; x < 92; ++x)
      ASSERT_NEAR(map.at<float>(y, x), 3 * (x + 0.5 - 8) - 2 * (y + 0.5 - 8), 2e-3)
          << x << ", " << y;
  EXPECT_FLOAT_EQ(map.at<float>(0, 0), values.front());
  EXPECT_FLOAT_EQ(map.at<float>(74, 99), values.back());
}

Micrograph of_width(int cols, std::optional<double> nm_per_pixel) {
  Micrograph micrograph;
  micrograph.pixels = cv::Mat::zeros(4, cols, CV_32F);
  micrograph.nm_per_pixel = nm_per_pixel;
  return micrograph;
}

TEST(ScaleBar, HasASecondArmWherePixelsAreNotSquare) {
  Micrograph micrograph = of_width(1000, 0.02 * std::sqrt(2.0));
  micrograph.pixel_aspect = 2;  // 0.02 nm wide, 0.04 nm high
  const ScaleBar bar = choose_scale_bar(micrograph);
  EXPECT_EQ(bar.words, "5 nm");
  EXPECT_NEAR(bar.length_px, 250, 1e-6);
  EXPECT_NEAR(bar.height_px, 125, 1e-6);
  EXPECT_EQ(choose_scale_bar(of_width(1000, 0.02)).height_px, 0);
}

TEST(ScaleBar, IsRoundAndFits) {
  for (const double nm : {0.001, 0.0213, 0.034, 0.5, 3.0, 40.0})
    for (const int cols : {64, 256, 1000, 4096}) {
      const ScaleBar bar = choose_scale_bar(of_width(cols, nm));
      EXPECT_LE(bar.length_px, 0.28 * cols * 1.0001);
      EXPECT_GT(bar.length_px, 0.28 * cols / 2.6);
      const bool micrometres = bar.words.ends_with(" µm");
      EXPECT_TRUE(micrometres || bar.words.ends_with(" nm")) << bar.words;
      EXPECT_NEAR(std::stod(bar.words) * (micrometres ? 1000 : 1), bar.length_px * nm,
                  1e-6 * bar.length_px * nm);
      const std::string digits = bar.words.substr(bar.words.find_first_of("125"), 1);
      EXPECT_EQ(bar.words.find_first_of("346789"), std::string::npos) << bar.words;
    }
  EXPECT_EQ(choose_scale_bar(of_width(1024, {})).words, "200 px");
  EXPECT_EQ(choose_scale_bar(of_width(1024, 0.0213)).words, "5 nm");
}

TEST(GreyPicture, HotPixelsDoNotDarkenTheRest) {
  cv::Mat pixels(200, 200, CV_32F);
  for (int y = 0; y < 200; ++y)
    for (int x = 0; x < 200; ++x) pixels.at<float>(y, x) = static_cast<float>(x);
  pixels.at<float>(100, 100) = 1e6F;
  const cv::Mat grey = grey_picture(pixels, pixels.size());
  EXPECT_LT(grey.at<std::uint8_t>(5, 2), 5);
  EXPECT_GT(grey.at<std::uint8_t>(5, 197), 250);
  EXPECT_NEAR(grey.at<std::uint8_t>(5, 100), 128, 3) << "an even image is shown as it is";
}

TEST(GreyPicture, ABrightCapDoesNotHideTheRest) {
  cv::Mat pixels(200, 200, CV_32F, cv::Scalar(10));
  pixels.rowRange(40, 120) = 12.0;  // dark next to the cap, and yet not the same
  pixels.rowRange(0, 40) = 100.0;
  const cv::Mat grey = grey_picture(pixels, pixels.size());
  EXPECT_GT(grey.at<std::uint8_t>(100, 5) - grey.at<std::uint8_t>(190, 5), 30);
  EXPECT_GT(grey.at<std::uint8_t>(5, 5), 250);
}

TEST(Overlay, ShowsEveryRegionsColourInTheLegend) {
  for (const cv::Size size : {cv::Size(160, 96), cv::Size(60, 500)}) {  // flat and tall
    Result result = sample_result();
    RuleResult& rule = result.rules.front();
    cv::resize(result.micrograph.pixels, result.micrograph.pixels, size);
    cv::resize(rule.map.labels, rule.map.labels, size, 0, 0, cv::INTER_NEAREST);
    const cv::Mat picture = decoded(draw_overlay(result.micrograph, region_map(rule)));
    ASSERT_FALSE(picture.empty());
    EXPECT_GE(std::max(picture.cols, picture.rows), 900);
    for (int label = 1; label <= 3; ++label)
      EXPECT_GT(pixels_near(picture, region_colour(label)), 300) << label;
  }
}

TEST(Overlay, LegendOfManyRegionsStaysOnTheSheet) {
  Result result = sample_result();
  RuleResult& rule = result.rules.front();
  for (int label = 4; label <= 60; ++label) {
    rule.regions.push_back({label, 3, 10, 0.025, 0.5, 1, {0, 0}, {}, {}, {}});
    rule.map.area_px.push_back(10);
  }
  const cv::Mat picture = decoded(draw_overlay(result.micrograph, region_map(rule)));
  EXPECT_GT(pixels_near(picture, region_colour(3)), 300);
  const cv::Mat last_row = picture.row(picture.rows - 1).colRange(picture.cols - 200, picture.cols);
  EXPECT_EQ(cv::norm(last_row, cv::Mat(last_row.size(), last_row.type(), cv::Scalar::all(255)),
                     cv::NORM_INF),
            0)
      << "text runs over the edge";
}

TEST(SimilarityPlot, BarsStandForTheCounts) {
  const Result result = sample_result();
  const cv::Mat picture = decoded(draw_similarity(result.similarity.statistics, result.rules));
  ASSERT_FALSE(picture.empty());
  EXPECT_GT(pixels_near(picture, {158, 172, 186}), 1000);  // bars
  EXPECT_GT(pixels_near(picture, {0, 114, 178}), 100);     // first cut
  EXPECT_GT(pixels_near(picture, {213, 94, 0}), 100);      // second cut
}

TEST(GraphLayout, LikeNodesStandTogether) {
  const Result result = sample_result();
  const RuleResult& rule = result.rules.front();
  const std::vector<Edge> edges = backbone(*rule.graph);
  const auto start = place_by_similarity(*result.similarity.scores);
  const auto layout = lay_out(start, edges);
  ASSERT_EQ(layout.size(), result.grid.chips());
  double within = 0, between = 0;
  int within_count = 0, between_count = 0;
  for (std::size_t i = 0; i < layout.size(); ++i) {
    EXPECT_TRUE(layout[i].x >= 0 && layout[i].x <= 1 && layout[i].y >= 0 && layout[i].y <= 1);
    for (std::size_t j = 0; j < i; ++j) {
      const bool same = rule.communities.community[i] == rule.communities.community[j];
      (same ? within : between) += cv::norm(layout[i] - layout[j]);
      ++(same ? within_count : between_count);
    }
  }
  EXPECT_LT(2 * within / within_count, between / between_count);
  EXPECT_EQ(lay_out(start, edges), layout);
}

TEST(GraphLayout, NothingToTellApartIsNoTrouble) {
  ScoreMatrix scores(50);
  for (std::size_t i = 0; i < 50; ++i)
    for (std::size_t j = 0; j < 50; ++j) scores.row(i)[j] = i == j ? 0 : 65535;
  for (const auto& at : lay_out(place_by_similarity(scores), {}))
    EXPECT_TRUE(std::isfinite(at.x) && std::isfinite(at.y));
  ScoreMatrix two(2);
  two.row(0)[1] = two.row(1)[0] = 0;
  EXPECT_EQ(lay_out(place_by_similarity(two), {}).size(), 2U);
}

TEST(GraphPlot, ShowsTheRegionsColours) {
  const Result result = sample_result();
  const RuleResult& rule = result.rules.front();
  const std::vector<Edge> edges = backbone(*rule.graph);
  const cv::Mat picture = decoded(
      draw_graph(rule, {}, lay_out(place_by_similarity(*result.similarity.scores), edges), edges));
  ASSERT_FALSE(picture.empty());
  for (int label = 1; label <= 3; ++label)
    EXPECT_GT(pixels_near(picture, region_colour(label)), 300) << label;
}

}  // namespace
}  // namespace metamict
