// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/chip_map.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "report/pictures/colours.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/png.hpp"

namespace metamict {

namespace {

/// For each pixel along an axis, the centre before it and how far it is on the way to the next one.
struct Between {
  std::size_t index;
  float share;
};

std::vector<Between> places_along(const std::vector<double>& centres, int pixels, double first,
                                  double image_length) {
  std::vector<Between> places;
  std::size_t at = 0;
  for (int i = 0; i < pixels; ++i) {
    const double position = first + (i + 0.5) * image_length / pixels;
    while (at + 2 < centres.size() && position > centres[at + 1]) ++at;
    const double step = at + 1 < centres.size() ? centres[at + 1] - centres[at] : 1.0;
    places.push_back({at, static_cast<float>(std::clamp((position - centres[at]) / step, 0.0,
                                                        centres.size() > 1 ? 1.0 : 0.0))});
  }
  return places;
}

}  // namespace

ChipCentres chip_centres(const ChipGrid& grid) {
  ChipCentres centres;
  for (int col = 0; col < grid.cols; ++col) {
    const cv::Rect2d chip = grid.chip_in_input(grid.node(0, col));
    centres.x.push_back(chip.x + chip.width / 2);
  }
  for (int row = 0; row < grid.rows; ++row) {
    const cv::Rect2d chip = grid.chip_in_input(grid.node(row, 0));
    centres.y.push_back(chip.y + chip.height / 2);
  }
  return centres;
}

cv::Mat chip_map(const ChipGrid& grid, std::span<const float> values, cv::Size size) {
  const ChipCentres centres = chip_centres(grid);
  const std::vector<Between> across =
      places_along(centres.x, size.width, grid.origin.x, grid.input_size.width);
  const std::vector<Between> down =
      places_along(centres.y, size.height, grid.origin.y, grid.input_size.height);
  const auto cols = static_cast<std::size_t>(grid.cols), rows = static_cast<std::size_t>(grid.rows);
  cv::Mat map(size, CV_32F);
  for (int y = 0; y < size.height; ++y) {
    const Between row = down[static_cast<std::size_t>(y)];
    const float* above = &values[row.index * cols];
    const float* below = &values[std::min(row.index + 1, rows - 1) * cols];
    for (int x = 0; x < size.width; ++x) {
      const Between col = across[static_cast<std::size_t>(x)];
      const std::size_t left = col.index, right = std::min(left + 1, cols - 1);
      map.at<float>(y, x) = std::lerp(std::lerp(above[left], above[right], col.share),
                                      std::lerp(below[left], below[right], col.share), row.share);
    }
  }
  return map;
}

std::string draw_chip_map(const ChipGrid& grid, std::span<const float> values, double low,
                          double high) {
  const cv::Mat map = chip_map(grid, values, picture_size(grid.input_size, 1, 320));
  cv::Mat picture(map.size(), CV_8UC4);
  for (int y = 0; y < map.rows; ++y)
    for (int x = 0; x < map.cols; ++x) {
      const Colour colour = cividis((map.at<float>(y, x) - low) / std::max(high - low, 1e-12));
      picture.at<cv::Vec4b>(y, x) = {colour.b, colour.g, colour.r, 255};
    }
  return encode_picture(picture);
}

}  // namespace metamict
