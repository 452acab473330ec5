// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes against discs, rectangles and ellipses, whose measures are known.
#include "report/files/region_shape.hpp"

#include <gtest/gtest.h>

#include <numbers>
#include <opencv2/imgproc.hpp>

namespace metamict {
namespace {

TEST(RegionShape, ARectangleHasItsAxesAndIsSolid) {
  cv::Mat labels = cv::Mat::zeros(200, 300, CV_16U);
  labels(cv::Rect(20, 50, 120, 30)) = 2;
  const RegionShape shape = region_shapes(labels, 2)[1];
  EXPECT_NEAR(shape.major_axis_px, 4 * 120 / std::sqrt(12), 1e-6);
  EXPECT_NEAR(shape.minor_axis_px, 4 * 30 / std::sqrt(12), 1e-6);
  EXPECT_NEAR(shape.aspect_ratio, 4, 1e-6);
  EXPECT_NEAR(shape.orientation_deg, 0, 1e-6);
  EXPECT_NEAR(shape.solidity, 1, 1e-6);
  EXPECT_NEAR(shape.perimeter_px, 2 * (119 + 29), 1e-6);
}

TEST(RegionShape, AnEllipseIsTurnedCounterClockwise) {
  for (const double angle : {30.0, 90.0, 150.0}) {
    cv::Mat drawn = cv::Mat::zeros(400, 400, CV_8U), labels;
    cv::ellipse(drawn, {200, 200}, {120, 60}, -angle, 0, 360, 1, cv::FILLED);
    drawn.convertTo(labels, CV_16U);
    const RegionShape shape = region_shapes(labels, 1)[0];
    EXPECT_NEAR(shape.orientation_deg, angle, 0.5);
    EXPECT_NEAR(shape.major_axis_px, 241, 2);
    EXPECT_NEAR(shape.minor_axis_px, 121, 2);
    EXPECT_NEAR(shape.equivalent_diameter_px, 2 * std::sqrt(120 * 60), 2);
    EXPECT_GT(shape.solidity, 0.97);
  }
}

TEST(RegionShape, ACrossIsNotSolidAndAnAbsentLabelIsNothing) {
  cv::Mat labels = cv::Mat::zeros(100, 100, CV_16U);
  labels(cv::Rect(45, 10, 10, 80)) = 1;
  labels(cv::Rect(10, 45, 80, 10)) = 1;
  const auto shapes = region_shapes(labels, 2);
  EXPECT_LT(shapes[0].solidity, 0.5);
  EXPECT_EQ(shapes[1].perimeter_px, 0);
}

}  // namespace
}  // namespace metamict
