// SPDX-License-Identifier: GPL-3.0-or-later
// Pixels that are not square: the same sample scanned with pixels twice as high as wide gives the
// same regions, lattice, order and front, in its real proportions.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "metamict/chip_size.hpp"
#include "metamict/front.hpp"
#include "metamict/labelings.hpp"
#include "metamict/order.hpp"
#include "metamict/pipeline.hpp"
#include "metamict/plan.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

/// The same field with rows of twice the height: two rows become one.
Micrograph tall(const cv::Mat& pixels, double nm_per_pixel) {
  cv::Mat halved;
  cv::resize(pixels, halved, {}, 1, 0.5, cv::INTER_AREA);
  Micrograph micrograph = test::micrograph_of(halved, nm_per_pixel * std::sqrt(2.0));
  micrograph.pixel_aspect = 2;
  return micrograph;
}

TEST(Proportions, KeepBothEdgesOfAPixel) {
  const Micrograph micrograph = tall(cv::Mat::zeros(64, 64, CV_32F), 0.02);
  EXPECT_NEAR(micrograph.pixel_size()->height_nm, 0.04, 1e-12);
  EXPECT_NEAR(micrograph.pixel_size()->width_nm, 0.02, 1e-12);
  const Micrograph square = with_square_pixels(micrograph);
  EXPECT_EQ(square.pixel_aspect, 1);
  EXPECT_NEAR(square.pixels.rows, square.pixels.cols, 1);
  EXPECT_NEAR(square.pixel_size()->width_nm, 0.02 * std::sqrt(2.0), 1e-12);
}

TEST(Proportions, LeaveALatticeSquare) {
  const cv::Mat pixels =
      test::draw_lattice({.rows = 480, .cols = 480, .period_px = 20, .counts = 200});
  const ChipSize square = choose_chip_size(test::micrograph_of(pixels, 0.02), {}, 4, 2);
  const Micrograph other = tall(pixels, 0.02);
  const ChipSize found = choose_chip_size(other, {}, 4, 2);
  ASSERT_TRUE(found.lattice);
  EXPECT_NEAR(found.lattice->period_px * *other.nm_per_pixel, 20 * 0.02, 0.03 * 20 * 0.02);
  EXPECT_NEAR(found.size_px * *other.nm_per_pixel, square.size_px * 0.02,
              0.03 * square.size_px * 0.02);
  const Plan planned = plan(other, {}, {});
  const cv::Rect2d chip = planned.grid.chip_in_input(0);
  EXPECT_NEAR(chip.width, 2 * chip.height, 0.05 * chip.width)
      << "a chip of square cells is half as many rows high";
}

TEST(Proportions, DoNotChangeTheRegions) {
  const cv::Mat pixels = test::draw_lattice(
      {.rows = 512, .cols = 512, .period_px = 16, .counts = 200, .amorphous_from = 0.5});
  const auto encoder = test::fake_encoder();
  SegmentOptions options;
  options.rules.cuts = {"nested"};
  const Result square = segment(test::micrograph_of(pixels, 0.02), *encoder, options);
  const Result other = segment(tall(pixels, 0.02), *encoder, options);
  EXPECT_EQ(other.rules[0].map.labels.size(), cv::Size(512, 256))
      << "labels are of the image as it is";
  cv::Mat stretched;
  cv::resize(other.rules[0].map.labels, stretched, pixels.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  const cv::Mat ours = square.rules[0].map.labels;
  const std::vector<std::int32_t> a(ours.begin<std::uint16_t>(), ours.end<std::uint16_t>()),
      b(stretched.begin<std::uint16_t>(), stretched.end<std::uint16_t>());
  EXPECT_GT(adjusted_rand_index(a, b), 0.95);
  double area_square = 0, area_other = 0;
  for (const Region& region : square.rules[0].regions) area_square += *region.area_nm2;
  for (const Region& region : other.rules[0].regions) area_other += *region.area_nm2;
  EXPECT_NEAR(area_other, area_square, 1e-6 * area_square) << "the same field of view";
}

}  // namespace
}  // namespace metamict
