// SPDX-License-Identifier: GPL-3.0-or-later
// Thickness across the growth direction and roughness of borders, against drawings whose numbers
// are known.
#include "report/layer_shapes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "series/upright.hpp"

using namespace metamict;

namespace {

/// Label 1 above a wave of the given amplitude, label 2 of 60 px below it, label 3 below that.
SeriesMember stack(double amplitude, double tilt, double growth_deg, int side = 240) {
  SeriesMember member;
  member.growth = GrowthDirection{growth_deg, true};
  const Upright turn({side, side}, growth_deg);
  member.labels = cv::Mat(side, side, CV_16UC1);
  const cv::Point2d origin = turn.to_image({0, 0});
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      const cv::Point2d off = cv::Point2d(x, y) - origin;
      const double along = off.dot(turn.along()), depth = off.dot(turn.down());
      const double middle = static_cast<double>(turn.size().height) / 2;
      const double border =
          middle - 40 + tilt * along + amplitude * std::sin(2 * std::numbers::pi * along / 24);
      member.labels.at<std::uint16_t>(y, x) = depth < border                       ? 1
                                              : depth < middle + 20 + tilt * along ? 2
                                                                                   : 3;
    }
  return member;
}

}  // namespace

TEST(LayerShapes, ThicknessAndRoughnessAreThoseOfTheDrawing) {
  for (const double amplitude : {0.0, 4.0})
    for (const double tilt : {0.0, 0.1}) {
      const auto shapes = layer_shapes(stack(amplitude, tilt, 90));
      ASSERT_EQ(shapes.size(), 3U);
      const LayerShape& film = shapes[1];
      EXPECT_EQ(film.label, 2);
      EXPECT_NEAR(film.thickness_px, 60, 0.6);
      EXPECT_EQ(film.lines, 1);
      EXPECT_FALSE(film.cut_by_edge);
      // A sine of amplitude a has the root mean square a / sqrt(2); whole pixels add sqrt(1/12).
      const double wanted = std::sqrt(amplitude * amplitude / 2 + 1.0 / 12);
      EXPECT_NEAR(*film.upper_roughness_px, wanted, 0.35);
      EXPECT_NEAR(*film.lower_roughness_px, 0, 0.35);
      EXPECT_NEAR(film.thickness_sd_px, std::sqrt(amplitude * amplitude / 2), 0.6);
      EXPECT_TRUE(shapes[0].cut_by_edge);
      EXPECT_FALSE(shapes[0].upper_roughness_px);
      EXPECT_NEAR(*shapes[0].lower_roughness_px, *film.upper_roughness_px, 1e-9);
      EXPECT_FALSE(shapes[2].lower_roughness_px);
    }
}

TEST(LayerShapes, TurnWithTheGrowthDirection) {
  const LayerShape upright = layer_shapes(stack(4, 0, 90))[1];
  for (const double growth_deg : {270.0, 0.0, 180.0, 63.0}) {
    const LayerShape turned = layer_shapes(stack(4, 0, growth_deg))[1];
    EXPECT_NEAR(turned.thickness_px, upright.thickness_px, 1.5) << growth_deg;
    EXPECT_NEAR(*turned.upper_roughness_px, *upright.upper_roughness_px, 0.5) << growth_deg;
  }
}

TEST(LayerShapes, APocketMeetsSomeLines) {
  SeriesMember member = stack(0, 0, 90);
  member.labels(cv::Rect(100, 90, 48, 20)).setTo(4);
  const LayerShape pocket = layer_shapes(member).back();
  EXPECT_EQ(pocket.label, 4);
  EXPECT_NEAR(pocket.thickness_px, 20, 1e-9);
  EXPECT_NEAR(pocket.lines, 0.2, 1e-9);
  EXPECT_NEAR(layer_shapes(member)[1].thickness_px, 60 - 0.2 * 20, 0.6);
}

TEST(LayerShapes, NothingWithoutAGrowthDirection) {
  SeriesMember member = stack(0, 0, 90);
  member.growth.reset();
  EXPECT_TRUE(layer_shapes(member).empty());
}
