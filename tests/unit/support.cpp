// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/support.hpp"

#include <gtest/gtest.h>

#include "metamict/chips.hpp"

namespace metamict::test {
namespace {

double cosine(const RowMatrixXf& rows_ND, Eigen::Index a, Eigen::Index b) {
  return rows_ND.row(a).normalized().dot(rows_ND.row(b).normalized());
}

TEST(Support, TheFakeEncoderTellsLatticeFromSpeckle) {
  cv::Mat pixels = draw_lattice({.rows = 256, .cols = 512, .amorphous_from = 0.5});
  cv::Scalar mean, spread;
  cv::meanStdDev(pixels, mean, spread);
  const Micrograph micrograph = micrograph_of((pixels - mean[0]) / spread[0]);
  const ChipGrid grid = lay_grid(micrograph.pixels.size(), micrograph.input_size, 64, 64);
  const RowMatrixXf rows_ND = fake_encoder()->encode(micrograph, grid, Normalise::image, {});
  double least_alike = 1, most_unlike = -1;
  for (std::size_t i = 0; i < grid.chips(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const bool crystal_i = grid.col(i) < 4, crystal_j = grid.col(j) < 4;
      const double c = cosine(rows_ND, static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
      if (crystal_i == crystal_j)
        least_alike = std::min(least_alike, c);
      else
        most_unlike = std::max(most_unlike, c);
    }
  EXPECT_GT(least_alike, most_unlike + 0.2);
}

TEST(Support, TheFakeEncoderTellsGreysApartAndRepeatsItself) {
  cv::Mat pixels = draw_lattice({.rows = 128, .cols = 256});
  pixels.colRange(128, 256) += 100;
  cv::Scalar mean, spread;
  cv::meanStdDev(pixels, mean, spread);
  const Micrograph micrograph = micrograph_of((pixels - mean[0]) / spread[0]);
  const ChipGrid grid = lay_grid(micrograph.pixels.size(), micrograph.input_size, 64, 64);
  const RowMatrixXf rows_ND = fake_encoder()->encode(micrograph, grid, Normalise::image, {});
  EXPECT_GT(cosine(rows_ND, 0, 1), cosine(rows_ND, 1, 2) + 0.3);
  EXPECT_EQ(rows_ND, fake_encoder()->encode(micrograph, grid, Normalise::image, {}));
}

TEST(Support, CommandsReportStatusAndBothStreams) {
  const Ran ran = run_command("echo out; echo err >&2; exit 3");
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_EQ(ran.err, "err\n");
}

TEST(Support, TemporaryFoldersAreRemoved) {
  std::filesystem::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    std::filesystem::create_directories(folder / "a/b");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Support, DrawnImagesHaveTheAskedDose) {
  EXPECT_NEAR(cv::mean(draw_lattice({.counts = 8, .amorphous_from = 0.5}))[0], 8, 0.2);
}

}  // namespace
}  // namespace metamict::test
