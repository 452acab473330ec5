// SPDX-License-Identifier: GPL-3.0-or-later
// How alike an image is to itself moved by a vector: what tells the translations of a crystal from
// all others.
#pragma once

#include <array>
#include <opencv2/core.hpp>
#include <vector>

#include "lattice/lattice_cell.hpp"

namespace metamict {

/// Seen through windows spread over the image, most of which lie in one grain. All correlations are
/// 1 where the image repeats itself wholly, and less by its noise, for every vector alike.
class Repeats {
 public:
  Repeats(const cv::Mat& pixels, double shortest_px, double longest_px, int threads);

  /// The cells that single windows show, each with the number of windows that show it; the
  /// commonest first.
  struct Seen {
    Cell cell;
    int windows;
  };
  std::vector<Seen> cells() const;

  /// Mean over the windows of the correlation with the image moved by t.
  double at(cv::Point2d t) const;

  /// For each window the least correlation with the image moved by the cell's translations and
  /// their sum and difference. Of t and -t the better counts: near a border only one of them stays
  /// in the grain.
  std::vector<float> in_windows(const Cell& cell) const;

  /// The cell with its translations moved onto the top of the correlation in the windows with these
  /// numbers.
  Cell refined(const Cell& cell, const std::vector<std::size_t>& windows) const;

 private:
  /// Mean of the windows' autocorrelations at one scale, and the cells they show.
  struct Level {
    double scale;  ///< pixels of the image a pixel of this level
    cv::Mat lags;  ///< lag 0 in the middle
    std::vector<Cell> cells;
    double reach() const { return scale * static_cast<double>(lags.cols / 2 - 2); }
  };
  Level look(const cv::Mat& even, double scale, int window) const;
  double correlation(cv::Rect window, cv::Point2d t) const;

  double shortest_px_, longest_px_;
  cv::Mat even_;  ///< the image, of mean 0 and spread 1 everywhere
  std::array<cv::Mat, 4>
      halves_;                 ///< even_ moved by half a pixel: not, along x, along y, along both
  std::vector<Level> levels_;  ///< finest first
  std::vector<cv::Rect> windows_;
};

}  // namespace metamict
