// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/outlines.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <opencv2/imgproc.hpp>

namespace metamict {

namespace {

/// Walks along the cracks between pixels with the region on the right.
class Tracer {
 public:
  explicit Tracer(const cv::Mat& labels)
      : labels_(labels), seen_(labels.rows, labels.cols, std::uint8_t{0}) {}

  std::vector<Ring> trace() {
    std::vector<Ring> rings;
    for (int y = 0; y < labels_.rows; ++y)
      for (int x = 0; x < labels_.cols; ++x)
        // Every ring has a stretch along the upper edge of some pixel.
        if (const int label = at({x, y}); label != 0 && at({x, y - 1}) != label && seen_(y, x) == 0)
          rings.push_back(follow({x, y}, label));
    return rings;
  }

 private:
  int at(cv::Point pixel) const {
    const bool inside =
        pixel.x >= 0 && pixel.y >= 0 && pixel.x < labels_.cols && pixel.y < labels_.rows;
    return inside ? labels_.at<std::uint16_t>(pixel) : 0;
  }

  Ring follow(cv::Point start, int label) {
    static const std::array<cv::Point, 4> steps{{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
    // The pixels right and left ahead of a corner, for each direction.
    static const std::array<cv::Point, 4> right{{{0, 0}, {-1, 0}, {-1, -1}, {0, -1}}},
        left{{{0, -1}, {0, 0}, {-1, 0}, {-1, -1}}};
    Ring ring{label, {start}};
    cv::Point corner = start;
    std::size_t direction = 0;
    do {
      if (direction == 0) seen_(corner.y, corner.x) = 1;
      corner += steps[direction];
      std::size_t next = direction;
      if (at(corner + right[direction]) != label)
        next = (direction + 1) % 4;
      else if (at(corner + left[direction]) == label)
        next = (direction + 3) % 4;
      // A ring may pass its first corner on the way, where the region touches itself there.
      const bool closed = corner == start && next == 0;
      if (next != direction && !closed) ring.corners.push_back(corner);
      direction = next;
    } while (corner != start || direction != 0);
    return ring;
  }

  const cv::Mat& labels_;
  cv::Mat_<std::uint8_t> seen_;
};

/// Where each label lies: the smallest rectangle around its pixels, and how many they are.
struct Extent {
  cv::Point low{1 << 30, 1 << 30}, high{-1, -1};
  int pixels = 0;
};

std::vector<Extent> extents_of(const cv::Mat& labels) {
  double largest = 0;
  cv::minMaxLoc(labels, nullptr, &largest);
  std::vector<Extent> extents(static_cast<std::size_t>(largest) + 1);
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      Extent& extent = extents[labels.at<std::uint16_t>(y, x)];
      extent.low = {std::min(extent.low.x, x), std::min(extent.low.y, y)};
      extent.high = {std::max(extent.high.x, x), std::max(extent.high.y, y)};
      ++extent.pixels;
    }
  return extents;
}

/// The deepest pixel of each connected part of a mask, in its coordinates.
std::vector<Anchor> deepest_pixels(const cv::Mat& mask) {
  cv::Mat padded, depth, parts;
  // The border of the image is a border of the part too.
  cv::copyMakeBorder(mask, padded, 1, 1, 1, 1, cv::BORDER_CONSTANT, 0);
  cv::distanceTransform(padded, depth, cv::DIST_L2, cv::DIST_MASK_3);
  const int count = cv::connectedComponents(padded, parts, 4, CV_32S);
  std::vector<Anchor> deepest(static_cast<std::size_t>(count));
  for (int y = 0; y < depth.rows; ++y)
    for (int x = 0; x < depth.cols; ++x) {
      Anchor& anchor = deepest[static_cast<std::size_t>(parts.at<int>(y, x))];
      const double here = depth.at<float>(y, x);
      if (here > anchor.depth_px) anchor = {0, {x - 0.5, y - 0.5}, here};
    }
  deepest.erase(deepest.begin());  // what is not in the mask
  return deepest;
}

}  // namespace

std::vector<Ring> trace_outlines(const cv::Mat& labels) { return Tracer(labels).trace(); }

std::vector<std::vector<cv::Point>> borders_between(const cv::Mat& labels,
                                                    const std::vector<Ring>& rings,
                                                    const std::vector<std::pair<int, int>>& pairs) {
  std::vector<std::vector<cv::Point>> chains;
  for (const Ring& ring : rings) {
    bool open = false;  // whether the last chain goes on
    for (std::size_t i = 0; i < ring.corners.size(); ++i) {
      cv::Point corner = ring.corners[i];
      const cv::Point end = ring.corners[(i + 1) % ring.corners.size()];
      const cv::Point step((end.x > corner.x) - (end.x < corner.x),
                           (end.y > corner.y) - (end.y < corner.y));
      for (; corner != end; corner += step) {
        // The pixel to the left of the step: the region lies to the right.
        const cv::Point left(corner.x - (step.x < 0 || step.y < 0 ? 1 : 0),
                             corner.y - (step.x > 0 || step.y < 0 ? 1 : 0));
        const bool inside = cv::Rect({}, labels.size()).contains(left);
        const int other = inside ? labels.at<std::uint16_t>(left) : 0;
        const bool wanted =
            std::find(pairs.begin(), pairs.end(), std::pair(ring.label, other)) != pairs.end();
        if (wanted && !open) chains.push_back({corner});
        if (wanted) chains.back().push_back(corner + step);
        open = wanted;
      }
    }
  }
  return chains;
}

std::vector<const Ring*> rings_of(const std::vector<Ring>& rings, int label) {
  std::vector<const Ring*> own;
  for (const Ring& ring : rings)
    if (ring.label == label) own.push_back(&ring);
  return own;
}

std::vector<Anchor> label_anchors(const cv::Mat& labels, double smallest_depth_px) {
  // A coarse copy will do for placing text.
  const double factor = std::min(1.0, 256.0 / std::max(labels.rows, labels.cols));
  cv::Mat small;
  cv::resize(labels, small, {}, factor, factor, cv::INTER_NEAREST);
  const std::vector<Extent> extents = extents_of(small);
  // A little less than a disc of that depth has.
  const double smallest_area = 3 * smallest_depth_px * factor * smallest_depth_px * factor;
  std::vector<Anchor> anchors;
  for (std::size_t label = 1; label < extents.size(); ++label) {
    if (extents[label].pixels == 0 || extents[label].pixels < smallest_area) continue;
    const cv::Rect box(extents[label].low, extents[label].high + cv::Point(1, 1));
    for (Anchor anchor : deepest_pixels(small(box) == static_cast<int>(label))) {
      const cv::Point2d at = (anchor.at + cv::Point2d(box.tl())) / factor;
      anchor = {static_cast<int>(label), at, anchor.depth_px / factor};
      if (anchor.depth_px >= smallest_depth_px) anchors.push_back(anchor);
    }
  }
  return anchors;
}

}  // namespace metamict
