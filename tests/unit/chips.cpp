// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/chips.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "metamict/chip_size.hpp"
#include "metamict/errors.hpp"
#include "metamict/lattice.hpp"
#include "support/support.hpp"

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
    const int size = 1 + static_cast<int>(random() % 20),
              stride = 1 + static_cast<int>(random() % size);
    const int rows = size + static_cast<int>(random() % 50),
              cols = size + 1 + static_cast<int>(random() % 50);
    const ChipGrid grid = grid_over(rows, cols, size, stride);
    cv::Mat covered = cv::Mat::zeros(rows, cols, CV_8U);
    for (std::size_t node = 0; node < grid.chips(); ++node) {
      const cv::Rect chip = grid.chip(node);
      ASSERT_EQ(chip & cv::Rect(0, 0, cols, rows), chip);
      ASSERT_EQ(grid.node(grid.row(node), grid.col(node)), node);
      covered(chip) = 1;
    }
    ASSERT_EQ(cv::countNonZero(covered), rows * cols)
        << size << " " << stride << " " << rows << " " << cols;
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

TEST(ChipSize, IsTakenInOrderOfTrust) {
  const cv::Mat lattice = draw_lattice({.rows = 400, .cols = 400, .period_px = 17});
  const Micrograph calibrated = micrograph_of(lattice, 0.02);
  const ChipSize given = choose_chip_size(calibrated, {50, 0.39, {}});
  EXPECT_EQ(given.size_px, 50);
  EXPECT_EQ(given.source, "given");
  const ChipSize known = choose_chip_size(calibrated, {{}, 0.39, {}});
  EXPECT_NEAR(known.size_px, 4 * 0.39 / 0.02, 1e-9);
  EXPECT_EQ(known.source, "given lattice and pixel size");
  const ChipSize measured = choose_chip_size(calibrated, {}, 5);
  EXPECT_NEAR(measured.size_px, 5 * 17, 0.03 * 5 * 17);
  EXPECT_EQ(measured.source, "measured lattice");
  ASSERT_TRUE(measured.lattice);
  EXPECT_NEAR(measured.lattice->period_px, 17, 0.03 * 17);
}

TEST(ChipSize, FallsBackWithAWordWhereThereIsNoLattice) {
  for (const auto& [side, expected] :
       {std::pair(1024, 64.0), std::pair(256, 32.0), std::pair(40, 8.0)}) {
    cv::Mat noise(side, side, CV_32F);
    cv::RNG(7).fill(noise, cv::RNG::NORMAL, 100, 10);
    const ChipSize chip = choose_chip_size(micrograph_of(noise), {});
    EXPECT_EQ(chip.size_px, expected);
    EXPECT_EQ(chip.source, "fallback");
    EXPECT_FALSE(chip.lattice);
    EXPECT_THAT(chip.notes, testing::Not(testing::IsEmpty()));
  }
}

TEST(ChipSize, RefusesAnImageSmallerThanTheSmallestChip) {
  cv::Mat noise(7, 300, CV_32F);
  cv::RNG(7).fill(noise, cv::RNG::NORMAL, 100, 10);
  EXPECT_THROW(choose_chip_size(micrograph_of(noise), {}), InputError);
}

TEST(ChipSize, RefusesWhatMakesNoChip) {
  const Micrograph image = micrograph_of(cv::Mat::ones(100, 200, CV_32F), 0.02);
  const Micrograph uncalibrated = micrograph_of(cv::Mat::ones(100, 200, CV_32F));
  EXPECT_THROW(choose_chip_size(uncalibrated, {{}, 0.39, {}}), UsageError);
  EXPECT_THROW(choose_chip_size(image, {{}, -1.0, {}}), UsageError);
  EXPECT_THROW(choose_chip_size(image, {0.5, {}, {}}), UsageError);
  EXPECT_THROW(choose_chip_size(image, {101, {}, {}}), InputError);
  EXPECT_EQ(choose_chip_size(image, {100, {}, {}}).size_px, 100);
}

}  // namespace
}  // namespace metamict::test
