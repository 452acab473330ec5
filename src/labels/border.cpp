// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/border.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

namespace metamict {

namespace {

constexpr std::uint8_t in_band = 255, looked_at = 1, lost = 2;
const std::array<cv::Point, 4> steps{cv::Point(0, -1), {0, 1}, {-1, 0}, {1, 0}};

/// Marks the pieces of regions that lie wholly within the bands, so that they hang on nothing: what
/// is reached from a pixel of a band without leaving its label or the bands. bands: other than 0
/// where they are; `lost` in such pieces afterwards.
std::vector<cv::Point> mark_fragments(const cv::Mat& labels, cv::Mat& bands) {
  const cv::Rect all({0, 0}, labels.size());
  std::vector<cv::Point> fragments, piece;
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      const std::uint16_t label = labels.at<std::uint16_t>(y, x);
      if (bands.at<std::uint8_t>(y, x) != in_band || label == 0) continue;
      bool is_rooted = false;
      piece.assign(1, {x, y});
      bands.at<std::uint8_t>(y, x) = looked_at;
      for (std::size_t k = 0; k < piece.size(); ++k)
        for (const cv::Point step : steps) {
          const cv::Point next = piece[k] + step;
          if (!all.contains(next) || labels.at<std::uint16_t>(next) != label) continue;
          std::uint8_t& band = bands.at<std::uint8_t>(next);
          if (band == 0) is_rooted = true;
          if (band != in_band) continue;
          band = looked_at;
          piece.push_back(next);
        }
      if (is_rooted) continue;
      for (const cv::Point at : piece) bands.at<std::uint8_t>(at) = lost;
      fragments.insert(fragments.end(), piece.begin(), piece.end());
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
  cv::Mat marks = bands.clone();
  const cv::Rect all({0, 0}, labels.size());
  // From the edges of the fragments inwards, a step at a time.
  std::vector<cv::Point> waiting = mark_fragments(labels, marks);
  while (!waiting.empty()) {
    std::vector<std::pair<cv::Point, std::uint16_t>> found;
    std::vector<cv::Point> inner;
    for (const cv::Point at : waiting) {
      std::uint16_t label = 0;
      for (const cv::Point step : steps) {
        const cv::Point next = at + step;
        if (label == 0 && all.contains(next) && marks.at<std::uint8_t>(next) != lost)
          label = labels.at<std::uint16_t>(next);
      }
      if (label != 0)
        found.emplace_back(at, label);
      else
        inner.push_back(at);
    }
    if (found.empty()) return;  // nothing but unassigned pixels around: they stay what they were
    for (const auto& [at, label] : found) {
      labels.at<std::uint16_t>(at) = label;
      marks.at<std::uint8_t>(at) = looked_at;
    }
    waiting = std::move(inner);
  }
}

}  // namespace metamict
