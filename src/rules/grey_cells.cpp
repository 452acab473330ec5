// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/grey_cells.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/parallel.hpp"
#include "image/mask.hpp"
#include "image/texture.hpp"
#include "metamict/order.hpp"

namespace metamict {

cv::Mat GreyCells::mask_of(const Nodes& nodes) const {
  constexpr double centre = 0.5;
  const cv::Mat chips = mask_over(*grid_, nodes);
  cv::Mat mask(grey_.size(), CV_8UC1);
  const double cell = static_cast<double>(grid_->size_px) / per_chip;
  const auto nearest = [&](int at, int count) {
    const double chip = ((at + centre) * cell - grid_->size_px / 2.0) / grid_->stride_px;
    return std::clamp(static_cast<int>(std::lround(chip)), 0, count - 1);
  };
  for (int y = 0; y < mask.rows; ++y)
    for (int x = 0; x < mask.cols; ++x)
      mask.at<std::uint8_t>(y, x) =
          chips.at<std::uint8_t>(nearest(y, grid_->rows), nearest(x, grid_->cols));
  return mask;
}

std::array<Nodes, 2> GreyCells::divide(const Nodes& nodes, const cv::Mat& cells,
                                       const cv::Mat& other_cells) const {
  const cv::Mat to_cells = distance(cells == 0), to_others = distance(other_cells == 0);
  const double cell = static_cast<double>(grid_->size_px) / per_chip;
  const auto centre = [&](int at, int last) {
    return std::min(static_cast<int>((at * grid_->stride_px + grid_->size_px / 2.0) / cell), last);
  };
  std::array<Nodes, 2> sides;
  for (const std::uint32_t node : nodes) {
    const cv::Point at(centre(grid_->col(node), grey_.cols - 1),
                       centre(grid_->row(node), grey_.rows - 1));
    sides[to_cells.at<float>(at) < to_others.at<float>(at) ? 0 : 1].push_back(node);
  }
  return sides;
}

GreyCells grey_cells(const Micrograph& canonical, const ChipGrid& grid,
                     const std::vector<float>& order, int threads, const GreyCellOptions& options) {
  Nodes ordered;
  for (std::uint32_t node = 0; node < order.size(); ++node)
    if (is_ordered(order[node])) ordered.push_back(node);
  std::vector<double> contrasts(ordered.size());
  parallel_for(ordered.size(), threads, [&](std::size_t, std::size_t k) {
    cv::Scalar mean, deviation;
    cv::meanStdDev(canonical.pixels(grid.chip(ordered[k])), mean, deviation);
    contrasts[k] = deviation[0];
  });
  // Reduced before it is blurred: the blur is wider than a cell by far.
  const double scale = static_cast<double>(GreyCells::per_chip) / grid.size_px;
  cv::Mat cells;
  cv::resize(canonical.pixels, cells, {}, scale, scale, cv::INTER_AREA);
  return {grid, blurred(cells, options.blur_cells), contrasts.empty() ? 0.0 : median(contrasts),
          options};
}

}  // namespace metamict
