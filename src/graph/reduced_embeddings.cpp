// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/reduced_embeddings.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "encoder/embed_chips.hpp"
#include "graph/chip_sample.hpp"
#include "graph/principal_directions.hpp"

namespace metamict {

namespace {

/// Equal bands of whole rows of chips, each of at most so many chips where a row has no more.
std::vector<cv::Rect> bands_of(const ChipGrid& grid, std::size_t most_in_band) {
  const int most_rows =
      std::max(1, static_cast<int>(most_in_band / static_cast<std::size_t>(grid.cols)));
  const int bands = (grid.rows + most_rows - 1) / most_rows;
  std::vector<cv::Rect> result;
  for (int k = 0; k < bands; ++k) {
    const int first = grid.rows * k / bands, last = grid.rows * (k + 1) / bands;
    result.push_back({0, first, grid.cols, last - first});
  }
  return result;
}

/// Small squares of chips spread over the grid: one at a random place in each cell of ten by ten,
/// so that nothing that repeats in the image falls in step with them.
std::vector<cv::Rect> windows_of(const ChipGrid& grid) {
  constexpr int cells_along = 10, chips_along = 6;
  const int width = std::min(chips_along, grid.cols), height = std::min(chips_along, grid.rows);
  std::mt19937_64 random(1);
  const auto place = [&](int cell, int length, int all) {
    const int first = (all - length) * cell / cells_along,
              last = (all - length) * (cell + 1) / cells_along;
    return first + static_cast<int>(random() % static_cast<std::uint64_t>(last - first + 1));
  };
  std::vector<cv::Rect> windows;
  for (int y = 0; y < cells_along; ++y)
    for (int x = 0; x < cells_along; ++x)
      windows.push_back({place(x, width, grid.cols), place(y, height, grid.rows), width, height});
  return windows;
}

/// Adds up the progress of pieces.
class Total {
 public:
  Total(const Progress& progress, const std::vector<cv::Rect>& pieces) : progress_(progress) {
    for (const cv::Rect& piece : pieces) all_ += static_cast<std::size_t>(piece.area());
  }

  /// Progress of the next piece, whose encoder may count more chips than the piece has.
  Progress of(const cv::Rect& piece) {
    const std::size_t before = done_, own = static_cast<std::size_t>(piece.area());
    done_ += own;
    if (!progress_) return {};
    return [this, before, own](std::string_view stage, std::size_t done, std::size_t of) {
      progress_(stage, before + (of > 0 ? own * done / of : own), all_);
    };
  }

 private:
  const Progress& progress_;
  std::size_t all_ = 0, done_ = 0;
};

/// Bounds of what a scalar product of two kept rows is off, from the lengths that the rows lost.
void measure_errors(const RowMatrixXf& kept_NK, Reduction& reduction) {
  double most = 0, sum = 0;
  for (Eigen::Index i = 0; i < kept_NK.rows(); ++i) {
    const double lost = std::max(0.0, 1 - kept_NK.row(i).cast<double>().squaredNorm());
    most = std::max(most, lost);
    sum += std::sqrt(lost);
  }
  reduction.largest_error = most;
  reduction.mean_error = std::pow(sum / static_cast<double>(kept_NK.rows()), 2);
}

}  // namespace

Embeddings embed_reduced(const Micrograph& canonical, const ChipGrid& grid, Encoder& encoder,
                         Normalise normalise, int threads, const Progress& progress,
                         std::size_t most_in_band) {
  const std::vector<cv::Rect> bands = bands_of(grid, most_in_band);
  std::vector<cv::Rect> windows, pieces = bands;
  if (bands.size() > 1) windows = windows_of(grid);
  pieces.insert(pieces.end(), windows.begin(), windows.end());
  Total total(progress, pieces);
  const auto embedded = [&](const cv::Rect& part, int most_reach_px) {
    return embed_chips(canonical, grid, part, encoder, normalise, total.of(part), most_reach_px);
  };
  RowMatrixXf some;
  for (const cv::Rect& window : windows) {
    constexpr int nearby_px = 64;  // what lies farther away does not change the directions
    const RowMatrixXf rows = embedded(window, nearby_px);
    some.conservativeResize(some.rows() + rows.rows(), rows.cols());
    some.bottomRows(rows.rows()) = rows;
  }
  RowMatrixXf kept_NK;
  Reduction reduction;
  for (const cv::Rect& band : bands) {
    const RowMatrixXf rows = embedded(band, any_reach);
    if (kept_NK.size() == 0) {
      constexpr std::size_t enough = 4096;  // chips, of which the directions are those
      if (windows.empty()) some = rows(sample_of(grid, all_chips(grid), enough, 1), Eigen::all);
      reduction.directions_KD = principal_directions(some, kept_directions);
      some.resize(0, 0);
      kept_NK.resize(static_cast<Eigen::Index>(grid.chips()), reduction.directions_KD.rows());
    }
    keep_shares(rows, reduction.directions_KD, static_cast<Eigen::Index>(band.y) * grid.cols,
                threads, kept_NK);
  }
  measure_errors(kept_NK, reduction);
  return {std::move(kept_NK), encoder.identity(), std::move(reduction)};
}

}  // namespace metamict
