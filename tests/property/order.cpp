// SPDX-License-Identifier: GPL-3.0-or-later
// What chips tell of their lattice: the order index, and spectra that do not depend on where the
// lattice begins.
#include "metamict/order.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "lattice/chip_spectra.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

double mean_order(const cv::Mat& pixels) {
  const Micrograph micrograph = standardise(test::micrograph_of(pixels));
  const std::vector<float> order =
      measure_order(micrograph, lay_grid(pixels.size(), pixels.size(), 64, 32), 2);
  return std::accumulate(order.begin(), order.end(), 0.0) / static_cast<double>(order.size());
}

TEST(Order, IsHighInACrystalAndLowInSpeckleWhateverTheDose) {
  for (const double counts : {20.0, 100.0, 400.0}) {
    const double crystal = mean_order(test::draw_lattice({.counts = counts, .seed = 3}));
    const double speckle =
        mean_order(test::draw_lattice({.counts = counts, .amorphous_from = 0.0, .seed = 3}));
    EXPECT_GT(crystal, 0.6) << counts;
    EXPECT_LT(speckle, 0.25) << counts;  // 0.21 at 20 electrons a pixel, falling with the dose
  }
}

TEST(Order, DoesNotDependOnGreyAndContrast) {
  const cv::Mat image = test::draw_lattice({.counts = 60});
  const double plain = mean_order(image);
  EXPECT_NEAR(mean_order(image * 37.0 + 500.0), plain, 1e-3);
}

TEST(ChipSpectra, KnowTheLatticeButNotWhereItBegins) {
  const auto mean_alike = [](const cv::Mat& a, const cv::Mat& b) {
    const ChipGrid grid = lay_grid(a.size(), a.size(), 64, 16);
    const RowMatrixXf rows_a = chip_spectra(standardise(test::micrograph_of(a)), grid, 1),
                      rows_b = chip_spectra(standardise(test::micrograph_of(b)), grid, 2);
    return rows_a.cwiseProduct(rows_b).rowwise().sum().mean();
  };
  const cv::Mat image = test::draw_lattice({.counts = 100});
  const cv::Mat whole = test::draw_lattice({.rows = 261, .cols = 263, .counts = 100});
  EXPECT_NEAR(mean_alike(image, image), 1, 1e-5) << "for any number of threads";
  EXPECT_GT(mean_alike(image, whole(cv::Rect(7, 5, 256, 256))), 0.97) << "shifted";
  EXPECT_GT(mean_alike(image, test::draw_lattice({.counts = 30, .seed = 9}) * 3), 0.9)
      << "brighter, another dose";
  EXPECT_LT(mean_alike(image, test::draw_lattice({.angle_deg = 13, .counts = 100})), 0.75)
      << "turned";
  EXPECT_LT(mean_alike(image, test::draw_lattice({.period_px = 18, .counts = 100})), 0.95)
      << "wider";
}

}  // namespace
}  // namespace metamict
