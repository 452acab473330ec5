// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/burned_in.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

namespace metamict {

namespace {

/// A connected piece of pixels of one value.
struct Piece {
  cv::Rect box;
  int pixels = 0;
};

std::vector<Piece> pieces_of(const cv::Mat& mask) {
  cv::Mat labels, statistics, centroids;
  const int count = cv::connectedComponentsWithStats(mask, labels, statistics, centroids);
  std::vector<Piece> pieces;
  for (int k = 1; k < count; ++k)
    pieces.push_back(
        {{statistics.at<int>(k, cv::CC_STAT_LEFT), statistics.at<int>(k, cv::CC_STAT_TOP),
          statistics.at<int>(k, cv::CC_STAT_WIDTH), statistics.at<int>(k, cv::CC_STAT_HEIGHT)},
         statistics.at<int>(k, cv::CC_STAT_AREA)});
  return pieces;
}

bool is_bar(const Piece& piece, cv::Size image) {
  const cv::Rect& box = piece.box;
  return box.height >= 2 && box.width >= 4 * box.height && 20 * box.width >= image.width &&
         box.width < image.width && piece.pixels == box.area();
}

/// The bar with what has its value near it: above and below it, as far as its length.
cv::Rect with_words(const Piece& bar, const std::vector<Piece>& pieces, cv::Size image) {
  const int reach_y = bar.box.width / 2, reach_x = bar.box.width / 4;
  const cv::Rect near(bar.box.x - reach_x, bar.box.y - reach_y, bar.box.width + 2 * reach_x,
                      bar.box.height + 2 * reach_y);
  cv::Rect all = bar.box;
  for (const Piece& piece : pieces)
    if ((piece.box & near) == piece.box) all |= piece.box;
  const int margin = std::max(3, bar.box.height);  // letters have soft edges
  all -= cv::Point(margin, margin);
  all += cv::Size(2 * margin, 2 * margin);
  return all & cv::Rect({}, image);
}

}  // namespace

std::optional<cv::Rect> find_scale_bar(const cv::Mat& pixels) {
  double lowest = 0, highest = 0;
  cv::minMaxLoc(pixels, &lowest, &highest);
  for (const double value : {highest, lowest}) {
    const std::vector<Piece> pieces = pieces_of(pixels == value);
    const Piece* longest = nullptr;
    for (const Piece& piece : pieces)
      if (is_bar(piece, pixels.size()) &&
          (longest == nullptr || piece.box.width > longest->box.width))
        longest = &piece;
    if (longest != nullptr) return with_words(*longest, pieces, pixels.size());
  }
  return {};
}

void note_scale_bar(const Micrograph& micrograph, Notes& notes) {
  const std::optional<cv::Rect> bar = find_scale_bar(micrograph.pixels);
  if (!bar) return;
  if (!micrograph.mask.empty() && cv::countNonZero(micrograph.mask(*bar)) == 0) return;
  if (micrograph.crop && (*micrograph.crop & *bar).area() == 0) return;
  const auto text = [](int value) { return std::to_string(value); };
  notes.push_back("a scale bar is burned into the image at (" + text(bar->x) + ", " + text(bar->y) +
                  "): it is taken for a part of the sample; --hide " + text(bar->x) + "," +
                  text(bar->y) + "," + text(bar->width) + "," + text(bar->height) + " hides it");
}

}  // namespace metamict
