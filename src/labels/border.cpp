// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/border.hpp"

#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace metamict {

namespace {

/// Pieces of regions that lie wholly within the bands, so that they hang on nothing.
cv::Mat fragments_of(const cv::Mat& labels, const cv::Mat& bands) {
  constexpr int by_edges_only = 4;  // OpenCV's word for it
  double most = 0;
  cv::minMaxLoc(labels, nullptr, &most);
  cv::Mat fragments = cv::Mat::zeros(labels.size(), CV_8UC1);
  for (int label = 1; label <= static_cast<int>(most); ++label) {
    cv::Mat piece_at;
    const cv::Mat mask = labels == label;
    const int pieces = cv::connectedComponents(mask, piece_at, by_edges_only, CV_32S);
    std::vector<bool> rooted(static_cast<std::size_t>(pieces), false);
    for (int y = 0; y < labels.rows; ++y)
      for (int x = 0; x < labels.cols; ++x)
        if (bands.at<std::uint8_t>(y, x) == 0)
          rooted[static_cast<std::size_t>(piece_at.at<int>(y, x))] = true;
    for (int y = 0; y < labels.rows; ++y)
      for (int x = 0; x < labels.cols; ++x)
        if (mask.at<std::uint8_t>(y, x) != 0 &&
            !rooted[static_cast<std::size_t>(piece_at.at<int>(y, x))])
          fragments.at<std::uint8_t>(y, x) = 255;
  }
  return fragments;
}

}  // namespace

cv::Rect grown(const cv::Rect& box, double by, cv::Size within) {
  const int margin = static_cast<int>(by);
  return cv::Rect(box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin) &
         cv::Rect({0, 0}, within);
}

void draw_border(const Border& border, cv::Size working, cv::Mat& labels, cv::Mat& bands) {
  constexpr double centre = 0.5;  // of a pixel
  const double scale_x = static_cast<double>(working.width) / labels.cols;
  const double scale_y = static_cast<double>(working.height) / labels.rows;
  const cv::Point from(static_cast<int>(border.box.x / scale_x),
                       static_cast<int>(border.box.y / scale_y));
  const cv::Point to(static_cast<int>(std::ceil(border.box.br().x / scale_x)),
                     static_cast<int>(std::ceil(border.box.br().y / scale_y)));
  const cv::Rect box = cv::Rect(from, to) & cv::Rect({0, 0}, labels.size());
  const cv::Matx23d into_working(scale_x, 0, (box.x + centre) * scale_x - centre - border.box.x,  //
                                 0, scale_y, (box.y + centre) * scale_y - centre - border.box.y);
  cv::Mat side, band, here = labels(box);
  cv::warpAffine(border.side, side, into_working, box.size(),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  cv::warpAffine(border.band, band, into_working, box.size(),
                 cv::INTER_NEAREST | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
  for (int y = 0; y < here.rows; ++y)
    for (int x = 0; x < here.cols; ++x) {
      std::uint16_t& label = here.at<std::uint16_t>(y, x);
      if (band.at<std::uint8_t>(y, x) == 0 || (label != border.a && label != border.b)) continue;
      label = static_cast<std::uint16_t>(side.at<float>(y, x) > 0 ? border.a : border.b);
    }
  bands(box) |= band;
}

void join_fragments(cv::Mat& labels, const cv::Mat& bands) {
  const cv::Mat fragments = fragments_of(labels, bands);
  if (cv::countNonZero(fragments) == 0) return;
  const cv::Rect box = grown(cv::boundingRect(fragments), 1, labels.size());
  cv::Mat here = labels(box), distance, nearest;
  const cv::Mat lost = fragments(box);
  cv::distanceTransform(lost | (here == 0), distance, nearest, cv::DIST_L2, cv::DIST_MASK_5,
                        cv::DIST_LABEL_PIXEL);
  std::vector<std::uint16_t> label_of(here.total() + 1, 0);
  for (int y = 0; y < here.rows; ++y)
    for (int x = 0; x < here.cols; ++x)
      if (distance.at<float>(y, x) == 0)
        label_of[static_cast<std::size_t>(nearest.at<int>(y, x))] = here.at<std::uint16_t>(y, x);
  for (int y = 0; y < here.rows; ++y)
    for (int x = 0; x < here.cols; ++x)
      if (lost.at<std::uint8_t>(y, x) != 0)
        here.at<std::uint16_t>(y, x) = label_of[static_cast<std::size_t>(nearest.at<int>(y, x))];
}

}  // namespace metamict
