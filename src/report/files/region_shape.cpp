// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/region_shape.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace metamict {

namespace {

RegionShape shape_of(const cv::Mat& mask) {
  RegionShape shape;
  const cv::Moments moments = cv::moments(mask, true);
  if (moments.m00 <= 0) return shape;
  shape.equivalent_diameter_px = 2 * std::sqrt(moments.m00 / std::numbers::pi);
  // A pixel is a square and no point: it adds a twelfth to the variance along each axis.
  const double xx = moments.mu20 / moments.m00 + 1.0 / 12,
               yy = moments.mu02 / moments.m00 + 1.0 / 12, xy = moments.mu11 / moments.m00;
  const double middle = (xx + yy) / 2, apart = std::hypot((xx - yy) / 2, xy);
  shape.major_axis_px = 4 * std::sqrt(middle + apart);
  shape.minor_axis_px = 4 * std::sqrt(std::max(middle - apart, 1.0 / 12));
  shape.aspect_ratio = shape.major_axis_px / shape.minor_axis_px;
  // Rows count downwards, angles upwards.
  const double degrees = -std::atan2(2 * xy, xx - yy) / 2 * 180 / std::numbers::pi;
  shape.orientation_deg = std::fmod(degrees + 180, 180);
  std::vector<std::vector<cv::Point>> contours;
  cv::findContours(mask, contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
  std::vector<cv::Point> corners;
  for (const std::vector<cv::Point>& contour : contours) {
    shape.perimeter_px += cv::arcLength(contour, true);
    for (const cv::Point& at : contour)  // the corners of the pixel, so that the hull holds it
      for (const cv::Point step :
           {cv::Point(0, 0), cv::Point(1, 0), cv::Point(0, 1), cv::Point(1, 1)})
        corners.push_back(at + step);
  }
  std::vector<cv::Point> hull;
  cv::convexHull(corners, hull);
  if (const double area = cv::contourArea(hull); area > 0)
    shape.solidity = std::min(1.0, moments.m00 / area);
  return shape;
}

}  // namespace

std::vector<RegionShape> region_shapes(const cv::Mat& labels, std::size_t count) {
  struct Box {
    int left = 1 << 30, top = 1 << 30, right = -1, bottom = -1;
  };
  std::vector<Box> boxes(count + 1);
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      const std::size_t label = labels.at<std::uint16_t>(y, x);
      if (label == 0 || label > count) continue;
      Box& box = boxes[label];
      box = {std::min(box.left, x), std::min(box.top, y), std::max(box.right, x),
             std::max(box.bottom, y)};
    }
  std::vector<RegionShape> shapes(count);
  for (std::size_t label = 1; label <= count; ++label) {
    const Box& box = boxes[label];
    if (box.right < 0) continue;
    const cv::Rect around(box.left, box.top, box.right - box.left + 1, box.bottom - box.top + 1);
    shapes[label - 1] = shape_of(labels(around) == static_cast<double>(label));
  }
  return shapes;
}

}  // namespace metamict
