// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/chips.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "metamict/errors.hpp"

namespace metamict::test {
namespace {

/// A grid over an image that was not resampled.
ChipGrid grid_over(int rows, int cols, int size_px, int stride_px) {
  return lay_grid({cols, rows}, {cols, rows}, size_px, stride_px);
}

TEST(Chips, CountsAndPlacesOfAKnownGrid) {
  const ChipGrid grid = grid_over(100, 130, 64, 16);
  EXPECT_EQ(grid.rows, 4);  // 0, 16, 32 and 36, pulled in
  EXPECT_EQ(grid.cols, 6);  // 0 .. 64 and 66
  EXPECT_EQ(grid.chips(), 24U);
  EXPECT_EQ(grid.chip(0), cv::Rect(0, 0, 64, 64));
  EXPECT_EQ(grid.chip(grid.node(1, 2)), cv::Rect(32, 16, 64, 64));
  EXPECT_EQ(grid.chip(grid.node(3, 5)), cv::Rect(66, 36, 64, 64));
  EXPECT_EQ(grid.node(2, 3), 15U);
  EXPECT_EQ(grid.row(15), 2);
  EXPECT_EQ(grid.col(15), 3);
}

TEST(Chips, EveryPixelLiesUnderAChipAndEveryChipInTheImage) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 200; ++trial) {
    const int size = 1 + static_cast<int>(random() % 20), stride = 1 + static_cast<int>(random() % size);
    const int rows = size + static_cast<int>(random() % 50), cols = size + 1 + static_cast<int>(random() % 50);
    const ChipGrid grid = grid_over(rows, cols, size, stride);
    cv::Mat covered = cv::Mat::zeros(rows, cols, CV_8U);
    for (std::size_t node = 0; node < grid.chips(); ++node) {
      const cv::Rect chip = grid.chip(node);
      ASSERT_EQ(chip & cv::Rect(0, 0, cols, rows), chip);
      ASSERT_EQ(grid.node(grid.row(node), grid.col(node)), node);
      covered(chip) = 1;
    }
    ASSERT_EQ(cv::countNonZero(covered), rows * cols) << size << " " << stride << " " << rows << " " << cols;
    // No chip too many: the one before the last does not reach the edge.
    if (grid.cols > 1) {
      ASSERT_LT(grid.chip(grid.node(0, grid.cols - 2)).br().x, cols);
    }
    if (grid.rows > 1) {
      ASSERT_LT(grid.chip(grid.node(grid.rows - 2, 0)).br().y, rows);
    }
  }
}

TEST(Chips, PlacesInTheInputFollowTheScale) {
  const ChipGrid grid = lay_grid({300, 200}, {150, 100}, 64, 16);
  const cv::Rect2d chip = grid.chip_in_input(grid.node(1, 2));
  EXPECT_DOUBLE_EQ(chip.x, 16);
  EXPECT_DOUBLE_EQ(chip.y, 8);
  EXPECT_DOUBLE_EQ(chip.width, 32);
  const cv::Rect2d last = grid.chip_in_input(grid.chips() - 1);
  EXPECT_DOUBLE_EQ(last.br().x, 150);
  EXPECT_DOUBLE_EQ(last.br().y, 100);
}

std::string message(int rows, int cols, int size, int stride, double scale = 1) {
  try {
    lay_grid({cols, rows}, cv::Size(cv::Size2d(cols / scale, rows / scale)), size, stride);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Chips, RefusalsNameTheValuesInInputPixels) {
  EXPECT_THROW(grid_over(100, 100, 64, 0), UsageError);
  EXPECT_THROW(grid_over(100, 100, 64, 65), UsageError);
  EXPECT_THROW(grid_over(63, 100, 64, 16), InputError);
  EXPECT_THROW(grid_over(64, 64, 64, 16), InputError);
  EXPECT_NO_THROW(grid_over(64, 65, 64, 16));
  EXPECT_THAT(message(60, 200, 64, 16, 2),
              testing::HasSubstr("the image is 100 x 30 px, smaller than a chip of 32 px"));
  EXPECT_THAT(message(200, 200, 64, 70, 2),
              testing::AllOf(testing::HasSubstr("stride is 35 px"), testing::HasSubstr("32 px")));
  EXPECT_THAT(message(64, 64, 64, 16), testing::HasSubstr("only one chip"));
}

}  // namespace
}  // namespace metamict::test
