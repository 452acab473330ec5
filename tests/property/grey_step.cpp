// SPDX-License-Identifier: GPL-3.0-or-later
// Steps of the mean grey: found under wedges and noise whatever their direction; slopes, domes,
// lines and rows are none.
#include "rules/grey_step.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <random>

#include "metamict/labelings.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using Field = std::function<double(double across, double down)>;

/// 40 x 40 chips every quarter of their width, whose contrast is 1 throughout.
struct Picture {
  static constexpr int edge = 40, stride = 4, side = (edge - 1) * stride + GreyCells::per_chip;
  ChipGrid grid = lay_grid({side, side}, {side, side}, GreyCells::per_chip, stride);
  cv::Mat cells = cv::Mat(side, side, CV_32F);
  double contrast = 1;
  std::vector<std::uint32_t> all = std::vector<std::uint32_t>(edge * edge);

  /// grey: of the material at places counted in strides, a period each, from the first chip's
  /// centre.
  explicit Picture(const Field& grey, double noise = 0.02) {
    std::iota(all.begin(), all.end(), 0U);
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal(0, noise);
    const auto place = [](int cell) { return (cell + 0.5 - GreyCells::per_chip / 2.0) / stride; };
    for (int row = 0; row < side; ++row)
      for (int col = 0; col < side; ++col)
        cells.at<float>(row, col) = static_cast<float>(grey(place(col), place(row)));
    cv::GaussianBlur(cells, cells, {}, 2, 2, cv::BORDER_REFLECT);
    for (int row = 0; row < side; ++row)
      for (int col = 0; col < side; ++col)
        cells.at<float>(row, col) += static_cast<float>(normal(random));
  }

  std::vector<Nodes> parts() const {
    const GreyCells greys(grid, cells, contrast);
    return GreySteps(greys).parts(all);
  }
};

/// 1 beyond a line through the middle with its normal at this angle.
Field half_plane(double angle) {
  return [angle](double across, double down) {
    return std::cos(angle) * (across - 19.5) + std::sin(angle) * (down - 19.5) > 0 ? 1.0 : 0.0;
  };
}

double agreement(const std::vector<Nodes>& parts, const Field& truth) {
  std::vector<std::int32_t> found(Picture::edge * Picture::edge), wanted(found.size());
  for (std::size_t k = 0; k < parts.size(); ++k)
    for (const std::uint32_t node : parts[k]) found[node] = static_cast<std::int32_t>(k);
  for (std::size_t node = 0; node < wanted.size(); ++node)
    wanted[node] = truth(static_cast<double>(node % Picture::edge),
                         static_cast<double>(node / Picture::edge)) > 0.5;
  return adjusted_rand_index(found, wanted);
}

TEST(GreySteps, AreFoundUnderAWedgeInAnyDirection) {
  for (const double border : {0.0, 0.4, 0.9, 1.5})
    for (const double slope : {0.0, 0.8, 2.1, 4.0}) {
      const Field step = half_plane(border);
      const Picture picture([&](double across, double down) {
        return 0.5 * step(across, down) +
               0.02 * (std::cos(slope) * across + std::sin(slope) * down);
      });
      const auto parts = picture.parts();
      EXPECT_EQ(parts.size(), 2U) << border << ' ' << slope;
      EXPECT_GT(agreement(parts, step), 0.95) << border << ' ' << slope;
    }
}

TEST(GreySteps, AreFoundMoreThanOnce) {
  const Picture picture([](double across, double) {
    return across < 13 ? 0.0 : across < 27 ? 1.0 : 2.0;
  });
  EXPECT_EQ(picture.parts().size(), 3U);
}

TEST(GreySteps, AreNotSlopesDomesOrNoise) {
  const std::vector<std::pair<const char*, Field>> smooth = {
      {"flat", [](double, double) { return 0.0; }},
      {"a wedge of five contrasts",
       [](double across, double down) { return 0.1 * across + 0.02 * down; }},
      {"a particle's dome",
       [](double across, double down) {
         return 4 * std::sqrt(std::max(
                        0.0, 1 - (std::pow(across - 19.5, 2) + std::pow(down - 19.5, 2)) / 900));
       }},
      {"contamination from a corner",
       [](double across, double down) { return 3 * std::exp(-std::hypot(across, down) / 15); }},
      {"a dark line",
       [](double across, double) { return std::abs(across - 20) < 0.75 ? -1.0 : 0.0; }},
      {"too little", [](double across, double) { return across < 20 ? 0.0 : 0.15; }}};
  for (const auto& [name, grey] : smooth)
    for (const double noise : {0.0, 0.02, 0.1})
      EXPECT_EQ(Picture(grey, noise).parts().size(), 1U) << name << noise;
}

TEST(GreySteps, AreFoundAroundAFilmThinnerThanAChip) {
  for (const double periods : {3.4, 4.4, 5.4}) {
    const Field film = [=](double, double down) {
      return down < periods - 1.9 ? 0.6 : 0.0;
    };  // from the image's edge
    const Picture picture(film);
    const auto parts = picture.parts();
    EXPECT_EQ(parts.size(), 2U) << periods;
    EXPECT_GT(agreement(parts, film), 0.9) << periods;
  }
}

TEST(GreySteps, AreNotTheRowsOfALattice) {
  for (const double period : {1.5, 1.9, 2.5, 4.0}) {
    const Field rows = [=](double across, double down) {
      return 0.6 * std::cos(2 * std::numbers::pi * (0.8 * across + 0.6 * down) / period) +
             0.01 * down;
    };
    EXPECT_EQ(Picture(rows).parts().size(), 1U) << period;
  }
}

TEST(GreySteps, NeedALatticeToBeMeasuredBy) {
  Picture picture(half_plane(0));
  picture.contrast = 0;
  EXPECT_EQ(picture.parts().size(), 1U);
}

TEST(GreyCells, AreMeansUnderAGaussianOfHalfAPeriod) {
  cv::Mat pixels(128, 192, CV_32F);
  cv::randn(pixels, 5.0, 2.0);
  cv::GaussianBlur(pixels, pixels, {}, 3);
  const ChipGrid grid = lay_grid(pixels.size(), pixels.size(), 64, 16);
  std::vector<float> order(grid.chips(), 0.1F);
  order[1] = order[2] = order[5] = 0.8F;
  const GreyCells cells = grey_cells(test::micrograph_of(pixels), grid, order, 2);
  cv::Mat mean;
  cv::GaussianBlur(pixels, mean, {}, 8, 8, cv::BORDER_REFLECT);
  ASSERT_EQ(cells.grey().size(), cv::Size(48, 32));
  for (int row = 8; row < 24; ++row)
    for (int col = 8; col < 40; ++col) {
      const cv::Mat under = mean({4 * col + 1, 4 * row + 1, 2, 2});
      EXPECT_NEAR(cells.grey().at<float>(row, col), cv::mean(under)[0], 0.02);
    }
  std::vector<double> deviations;
  for (const std::size_t node : {1U, 2U, 5U}) {
    const cv::Mat chip = pixels(grid.chip(node));
    const double chip_mean = cv::sum(chip)[0] / 4096;
    deviations.push_back(std::sqrt(chip.dot(chip) / 4096 - chip_mean * chip_mean));
  }
  std::sort(deviations.begin(), deviations.end());
  EXPECT_NEAR(cells.contrast(), deviations[1], 1e-3);
  EXPECT_EQ(grey_cells(test::micrograph_of(pixels), grid, std::vector<float>(grid.chips(), 0.1F), 2)
                .contrast(),
            0);
}

// What a set of chips covers, and back: every chip falls to the side it came from.
TEST(GreyCells, DivideChipsAsTheirMasksDo) {
  const Picture picture([](double, double) { return 0.0; });
  const GreyCells cells(picture.grid, picture.cells, 1);
  Nodes some, others;
  for (const std::uint32_t node : picture.all)
    (std::hypot(picture.grid.row(node) - 15.0, picture.grid.col(node) - 22.0) < 9 ? some : others)
        .push_back(node);
  const cv::Mat mask = cells.mask_of(some);
  EXPECT_EQ(cv::countNonZero(mask | cells.mask_of(others)), static_cast<int>(mask.total()));
  EXPECT_EQ(cv::countNonZero(mask & cells.mask_of(others)), 0);
  const auto [near_some, near_others] = cells.divide(picture.all, mask, cells.mask_of(others));
  EXPECT_EQ(near_some, some);
  EXPECT_EQ(near_others, others);
}

}  // namespace
}  // namespace metamict
