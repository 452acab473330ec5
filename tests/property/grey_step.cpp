// SPDX-License-Identifier: GPL-3.0-or-later
// Steps of the mean grey: found under wedges and noise whatever their direction; slopes, domes and patches are none.
#include "grey_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "metamict/evaluate.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

using Field = std::function<double(double across, double down)>;

/// Chips of 64 px every 16 px on a square picture, whose contrast is 1 throughout.
struct Picture {
  static constexpr int edge = 40;
  ChipGrid grid = lay_grid({39 * 16 + 64, 39 * 16 + 64}, {39 * 16 + 64, 39 * 16 + 64}, 64, 16);
  ChipGreys greys{cv::Mat(edge, edge, CV_32F), cv::Mat(edge, edge, CV_32F, cv::Scalar(1))};
  std::vector<float> order = std::vector<float>(edge * edge, 0.9F);
  std::vector<std::uint32_t> all = std::vector<std::uint32_t>(edge * edge);

  /// grey: of the material at places counted in chips of the grid; a chip shows the mean over the five by five it
  /// covers.
  explicit Picture(const Field& grey, double noise = 0.02) {
    std::iota(all.begin(), all.end(), 0U);
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal(0, noise);
    for (int row = 0; row < edge; ++row)
      for (int col = 0; col < edge; ++col) {
        double sum = 0;
        for (int down = -2; down <= 2; ++down)
          for (int across = -2; across <= 2; ++across) sum += grey(col + across * 0.8, row + down * 0.8) / 25;
        greys.mean.at<float>(row, col) = static_cast<float>(sum + normal(random));
      }
  }

  std::vector<std::vector<std::uint32_t>> parts(bool ordered) const {
    return GreySteps(grid, greys, order).parts(all, ordered);
  }
};

/// 1 beyond a line through the middle with its normal at this angle.
Field half_plane(double angle) {
  return [angle](double across, double down) {
    return std::cos(angle) * (across - 19.5) + std::sin(angle) * (down - 19.5) > 0 ? 1.0 : 0.0;
  };
}

double agreement(const std::vector<std::vector<std::uint32_t>>& parts, const Field& truth) {
  std::vector<std::int32_t> found(Picture::edge * Picture::edge), wanted(found.size());
  for (std::size_t k = 0; k < parts.size(); ++k)
    for (const std::uint32_t node : parts[k]) found[node] = static_cast<std::int32_t>(k);
  for (std::size_t node = 0; node < wanted.size(); ++node)
    wanted[node] = truth(static_cast<double>(node % Picture::edge), static_cast<double>(node / Picture::edge)) > 0.5;
  return adjusted_rand_index(found, wanted);
}

TEST(GreySteps, AreFoundUnderAWedgeInAnyDirection) {
  for (const double border : {0.0, 0.4, 0.9, 1.5})
    for (const double slope : {0.0, 0.8, 2.1, 4.0}) {
      const Field step = half_plane(border);
      const Picture picture([&](double across, double down) {
        return 0.5 * step(across, down) + 0.02 * (std::cos(slope) * across + std::sin(slope) * down);
      });
      const auto parts = picture.parts(true);
      EXPECT_EQ(parts.size(), 2U) << border << ' ' << slope;
      EXPECT_GT(agreement(parts, step), 0.93) << border << ' ' << slope;
    }
}

TEST(GreySteps, AreFoundMoreThanOnce) {
  const Picture picture([](double across, double) { return across < 13 ? 0.0 : across < 27 ? 1.0 : 2.0; });
  EXPECT_EQ(picture.parts(true).size(), 3U);
}

TEST(GreySteps, AreNotSlopesDomesOrNoise) {
  const std::vector<std::pair<const char*, Field>> smooth = {
      {"flat", [](double, double) { return 0.0; }},
      {"a wedge of five contrasts", [](double across, double down) { return 0.1 * across + 0.02 * down; }},
      {"a particle's dome",
       [](double across, double down) {
         return 4 * std::sqrt(std::max(0.0, 1 - (std::pow(across - 19.5, 2) + std::pow(down - 19.5, 2)) / 900));
       }},
      {"contamination from a corner",
       [](double across, double down) { return 3 * std::exp(-std::hypot(across, down) / 15); }},
      {"a dark line", [](double across, double) { return std::abs(across - 20) < 2.5 ? -1.0 : 0.0; }},
      {"too little", [](double across, double) { return across < 20 ? 0.0 : 0.15; }}};
  for (const auto& [name, grey] : smooth)
    for (const double noise : {0.0, 0.02, 0.1}) EXPECT_EQ(Picture(grey, noise).parts(true).size(), 1U) << name << noise;
}

TEST(GreySteps, LeavePatchesOfAPolycrystalTogether) {
  const Field checks = [](double across, double down) {
    return (static_cast<int>(across / 8) + static_cast<int>(down / 8)) % 2 == 0 ? 0.0 : 2.0;
  };
  EXPECT_EQ(Picture(checks).parts(false).size(), 1U);
  // But a layer of something else is none of its patches.
  const Picture layered(
      [&](double across, double down) { return 0.3 * checks(across, down) + (down < 20 ? 3.0 : 0.0); });
  const auto parts = layered.parts(false);
  EXPECT_EQ(parts.size(), 2U);
  EXPECT_GT(agreement(parts, half_plane(1.5707963)), 0.9);
}

TEST(GreySteps, NeedALatticeToBeMeasuredBy) {
  Picture picture(half_plane(0));
  picture.order.assign(picture.order.size(), 0.1F);
  EXPECT_EQ(picture.parts(true).size(), 1U);
}

TEST(ChipGreys, AreMeansAndDeviationsOfTheChipsPixels) {
  cv::Mat pixels(96, 128, CV_32F);
  cv::randn(pixels, 5.0, 2.0);
  const ChipGrid grid = lay_grid(pixels.size(), pixels.size(), 64, 16);
  const ChipGreys greys = chip_greys(test::micrograph_of(pixels), grid, 2);
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    const cv::Mat chip = pixels(grid.chip(node));
    const double mean = cv::sum(chip)[0] / 4096, square = chip.dot(chip) / 4096;
    EXPECT_NEAR(greys.mean.at<float>(grid.row(node), grid.col(node)), mean, 1e-4);
    EXPECT_NEAR(greys.contrast.at<float>(grid.row(node), grid.col(node)), std::sqrt(square - mean * mean), 1e-3);
  }
}

}  // namespace
}  // namespace metamict
