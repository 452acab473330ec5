// SPDX-License-Identifier: GPL-3.0-or-later
// The shared pass against what must be the same: a chip that is the whole image, the mean over
// windows that tile it, and itself cut into other tiles.
#include <gtest/gtest.h>

#include "encoder/probe.hpp"
#include "encoder/resnet/executor.hpp"
#include "encoder/resnet/shared_pass.hpp"
#include "support/random_resnet.hpp"

namespace metamict {
namespace {

const InputScale scale{{0.4F, 0.4F, 0.4F}, {0.5F, 0.5F, 0.5F}};

std::shared_ptr<const FoldedResnet> weights() {
  static const auto folded =
      std::make_shared<const FoldedResnet>(*fold_resnet50(test::RandomResnet().views()));
  return folded;
}

cv::Mat image(int rows, int cols) {
  cv::Mat pixels(rows, cols, CV_32F);
  cv::RNG random(5);
  random.fill(pixels, cv::RNG::NORMAL, 0, 1);
  return pixels;
}

ChipGrid grid_over(const cv::Mat& pixels, int stride_px = 16) {
  return lay_grid(pixels.size(), pixels.size(), 64, stride_px);
}

RowMatrixXf shared(const cv::Mat& pixels, const ChipGrid& grid, int threads = 1,
                   int tile_px = 512) {
  PackedWeights store(Number::float32, threads);
  return SharedResnet(store, weights(), scale, tile_px).encode(pixels, grid, {});
}

RowMatrixXf as_one_chip(const cv::Mat& pixels) {
  PackedWeights store(Number::float32);
  const ResnetExecutor executor(store, *weights(), pixels.rows, scale);
  RowMatrixXf row(1, resnet50_features);
  executor.run(*executor.workspace(), pixels.ptr<float>(), 1, row.data());
  return row;
}

// All windows of phase (0, 0) that tile the image make up the last map of the image taken as one
// chip.
TEST(SharedResnet, WindowsAreThoseOfTheWholeImagesMap) {
  for (const int side : {128, 192}) {
    const cv::Mat pixels = image(side, side);
    const ChipGrid grid = grid_over(pixels, 64);
    const RowMatrixXf mean = shared(pixels, grid).colwise().mean();
    const RowMatrixXf expected = as_one_chip(pixels);
    EXPECT_LT((mean - expected).cwiseAbs().maxCoeff(), 1e-4F * expected.maxCoeff()) << side;
  }
}

// 200 x 179: no multiple of anything, so the last row and column are pulled in and tiles end in the
// middle of a cell.
TEST(SharedResnet, TilesAndThreadsDoNotShow) {
  const cv::Mat pixels = image(200, 179);
  const ChipGrid grid = grid_over(pixels);
  const RowMatrixXf whole = shared(pixels, grid), tiled = shared(pixels, grid, 1, 64),
                    threaded = shared(pixels, grid, 3, 64);
  EXPECT_LT((whole - tiled).cwiseAbs().maxCoeff(), 1e-4F * whole.maxCoeff());
  EXPECT_TRUE((tiled.array() == threaded.array()).all());
}

// Windows come from four passes of the last stage; in each of them a chip whose surroundings repeat
// has the features repeated.
TEST(SharedResnet, WhatRepeatsInTheImageRepeatsInTheFeatures) {
  cv::Mat pixels = image(64, 64), large;
  cv::repeat(pixels, 8, 8, large);
  const ChipGrid grid = grid_over(large);
  const RowMatrixXf rows = shared(large, grid);
  const auto row = [&](int y, int x) {
    return rows.row(static_cast<Eigen::Index>(grid.node(y, x)));
  };
  const int middle = grid.rows / 2;
  for (int dy = 0; dy < 2; ++dy)
    for (int dx = 0; dx < 2; ++dx) {
      const RowMatrixXf here = row(middle + dy, middle + dx),
                        again = row(middle + dy - 4, middle + dx),
                        other = row(middle + dy + 1, middle + dx);
      EXPECT_GT(worst_cosine(here, again), 0.9999) << dy << dx;  // the image's far edge is in sight
      EXPECT_GT((here - other).cwiseAbs().maxCoeff(), 1e-3F * here.maxCoeff()) << dy << dx;
    }
}

// Their last maps are 2 x 1 and 1 x 2 pixels: weights packed for the one are not those of the
// other.
TEST(SharedResnet, AnImageDoesNotKnowTheOneBefore) {
  const cv::Mat first = image(64, 32), second = image(32, 64);
  const auto grid = [](const cv::Mat& pixels) {
    return lay_grid(pixels.size(), pixels.size(), 32, 16);
  };
  PackedWeights store(Number::float32);
  SharedResnet both(store, weights(), scale);
  both.encode(first, grid(first), {});
  PackedWeights fresh(Number::float32);
  SharedResnet alone(fresh, weights(), scale);
  EXPECT_EQ(both.encode(second, grid(second), {}), alone.encode(second, grid(second), {}));
}

TEST(SharedResnet, ProgressEndsWithEveryChipAndCanStop) {
  const cv::Mat pixels = image(128, 128);
  const ChipGrid grid = grid_over(pixels);
  std::size_t last = 0;
  PackedWeights store(Number::float32, 2);
  SharedResnet resnet(store, weights(), scale, 64);
  resnet.encode(pixels, grid, [&](std::string_view, std::size_t done, std::size_t total) {
    EXPECT_GE(done, last);
    EXPECT_EQ(total, grid.chips());
    last = done;
  });
  EXPECT_EQ(last, grid.chips());
  struct Stop {};
  EXPECT_THROW(
      resnet.encode(pixels, grid, [](std::string_view, std::size_t, std::size_t) { throw Stop{}; }),
      Stop);
}

TEST(SharedResnet, FitsOnlyWholeCells) {
  ChipGrid grid;
  grid.size_px = 64, grid.stride_px = 16;
  EXPECT_TRUE(SharedResnet::fits(grid));
  grid.stride_px = 12;
  EXPECT_FALSE(SharedResnet::fits(grid));
  grid.stride_px = 32, grid.size_px = 80;
  EXPECT_FALSE(SharedResnet::fits(grid));
}

}  // namespace
}  // namespace metamict
