// SPDX-License-Identifier: GPL-3.0-or-later
// The lattice-order index: what it says of crystals, of glasses, and of what lies between, at doses
// a microscopist meets.
#include "metamict/order.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "support/support.hpp"

namespace metamict {
namespace {

cv::Mat counted(const cv::Mat& expected, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  cv::Mat counts(expected.size(), CV_32F);
  for (int y = 0; y < expected.rows; ++y)
    for (int x = 0; x < expected.cols; ++x)
      counts.at<float>(y, x) = static_cast<float>(
          std::poisson_distribution<int>(std::max(1e-3F, expected.at<float>(y, x)))(random));
  return counts;
}

/// Side by side: crystal mixed with more and more glass through the thickness, in bands of 128 px.
cv::Mat ramp(double electrons, const std::vector<double>& disorder) {
  const cv::Mat crystal =
      test::draw_lattice({.rows = 192, .cols = 128, .period_px = 16, .counts = 0});
  const cv::Mat glass = test::draw_lattice(
      {.rows = 192, .cols = 128, .period_px = 16, .counts = 0, .amorphous_from = 0});
  std::vector<cv::Mat> bands;
  for (const double level : disorder)
    bands.push_back((1 - level) * crystal / cv::mean(crystal)[0] +
                    level * glass / cv::mean(glass)[0]);
  cv::Mat all;
  cv::hconcat(bands, all);
  return counted(all * electrons, 7);
}

std::vector<double> order_of_bands(const cv::Mat& image, std::size_t bands) {
  const Micrograph raw = test::micrograph_of(image);
  const Micrograph standard = standardise(raw);
  const ChipGrid grid = lay_grid(image.size(), image.size(), 64, 32);
  const std::vector<float> order =
      measure_order(standard, grid, 1, canonical_zero(raw.pixels, standard.pixels));
  std::vector<double> sums(bands, 0.0), counts(bands, 0.0);
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    const cv::Rect chip = grid.chip(node);
    if (chip.x / 128 != (chip.x + chip.width - 1) / 128) continue;
    sums[static_cast<std::size_t>(chip.x / 128)] += order[node];
    counts[static_cast<std::size_t>(chip.x / 128)] += 1;
  }
  for (std::size_t band = 0; band < bands; ++band) sums[band] /= counts[band];
  return sums;
}

TEST(Order, FallsWithDisorderAtEveryDose) {
  const std::vector<double> disorder{0, 0.2, 0.4, 0.6, 0.8, 1};
  for (const double electrons : {20.0, 60.0, 400.0}) {
    const std::vector<double> order = order_of_bands(ramp(electrons, disorder), disorder.size());
    for (std::size_t band = 1; band < order.size(); ++band)
      EXPECT_LT(order[band], order[band - 1] + 1e-9)
          << electrons << " electrons, disorder " << disorder[band];
    EXPECT_GT(order.front(), 0.8) << electrons;
    EXPECT_LT(order.back(), 0.1) << electrons << ": speckle alone is no order";
  }
}

// Resampling takes noise away at the frequencies where it is measured: interpolation all of it,
// averaging a part.
TEST(Order, DoesNotDependOnHowFinelyTheLatticeWasRecorded) {
  const auto order_at = [](double period, double amorphous_from) {
    const int side = static_cast<int>(20 * period);
    const double counts = 20 * 16 * 16 / (period * period);  // as many electrons on each cell
    const cv::Mat image = test::draw_lattice({.rows = side,
                                              .cols = side,
                                              .period_px = period,
                                              .angle_deg = 12,
                                              .counts = counts,
                                              .amorphous_from = amorphous_from});
    const Micrograph scaled =
        to_canonical_scale(standardise(test::micrograph_of(image)), 4 * period, 64);
    const ChipGrid grid = lay_grid(scaled.pixels.size(), image.size(), 64, 32);
    const std::vector<float> order = measure_order(scaled, grid, 2);
    return std::accumulate(order.begin(), order.end(), 0.0) / static_cast<double>(order.size());
  };
  const double as_recorded = order_at(16, 1);
  for (const double period : {7.0, 9.0, 11.3, 14.0, 19.0, 24.0, 36.0}) {
    EXPECT_NEAR(order_at(period, 1), as_recorded, 0.05) << period;
    EXPECT_LT(order_at(period, 0), period < 9 ? 0.25 : 0.15)
        << period;  // 7 px pass hardly more than the lattice
  }
}

TEST(Order, SpeckleAndNoiseAloneReadAsNoOrder) {
  for (const double electrons : {20.0, 200.0}) {
    const cv::Mat glass = test::draw_lattice(
        {.rows = 192, .cols = 256, .period_px = 16, .counts = electrons, .amorphous_from = 0});
    for (const double order : order_of_bands(glass, 2)) EXPECT_LT(order, 0.1) << electrons;
    for (const double order :
         order_of_bands(counted(cv::Mat(192, 256, CV_32F, cv::Scalar(electrons)), 3), 2))
      EXPECT_LT(order, 0.1) << electrons;
  }
}

TEST(Order, TheGreyOfNoSignalIsFoundThroughTheClipping) {
  cv::Mat raw = test::draw_lattice({.rows = 96, .cols = 96, .period_px = 12});
  const Micrograph micrograph = test::micrograph_of(raw);
  const cv::Mat standard = standardise(micrograph).pixels;
  const double zero = canonical_zero(raw, standard);
  // The map is linear: the mean grey is 0 but for clipping, so that zero stands as many deviations
  // below as the mean has.
  cv::Scalar mean, spread;
  cv::meanStdDev(raw, mean, spread);
  EXPECT_NEAR(zero, -mean[0] / spread[0], 0.15 * mean[0] / spread[0]);
  raw -= 1e4;
  EXPECT_FALSE(std::isfinite(canonical_zero(raw, standard))) << "below 0, zero means nothing";
}

}  // namespace
}  // namespace metamict
