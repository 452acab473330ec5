// SPDX-License-Identifier: GPL-3.0-or-later
// The period finder over many generated lattices: right within 3 %, silent where there is none.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "metamict/lattice.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

TEST(LatticePeriod, IsRightWithinThreePercentOverPeriodsAnglesAndKinds) {
  std::mt19937_64 random(20231);
  std::uniform_real_distribution<double> angle(0, 180), log_period(std::log(6.0), std::log(40.0));
  int wrong = 0;
  constexpr int images = 60;
  for (int i = 0; i < images; ++i) {
    test::LatticeImage image{
        .rows = 400, .cols = 400, .period_px = std::exp(log_period(random)), .angle_deg = angle(random)};
    image.hexagonal = i % 2 == 1;
    image.counts = i % 3 == 0 ? 10 : 60;
    image.amorphous_from = i % 4 == 0 ? 0.5 : 1.0;
    image.seed = static_cast<std::uint64_t>(i) + 1;
    const auto lattice = find_lattice(test::micrograph_of(test::draw_lattice(image)));
    const bool right = lattice && std::abs(lattice->period_px / image.period_px - 1) <= 0.03;
    wrong += !right;
    EXPECT_TRUE(right) << "image " << i << (image.hexagonal ? " hexagonal" : " square") << " period " << image.period_px
                       << " angle " << image.angle_deg << " counts " << image.counts << " amorphous from "
                       << image.amorphous_from << " found " << (lattice ? lattice->period_px : 0.0);
  }
  RecordProperty("wrong", wrong);
}

TEST(LatticePeriod, IsSilentOnNoiseAndSmoothImages) {
  cv::RNG random(7);
  for (int i = 0; i < 20; ++i) {
    cv::Mat noise(320, 320, CV_32FC1);
    random.fill(noise, cv::RNG::NORMAL, 100, 10);
    if (i % 2 == 1) cv::GaussianBlur(noise, noise, {}, 1.0 + i * 0.2);  // speckle of growing grain
    const auto lattice = find_lattice(test::micrograph_of(noise));
    EXPECT_FALSE(lattice) << "noise " << i << ": " << (lattice ? lattice->period_px : 0) << " px, confidence "
                          << (lattice ? lattice->confidence : 0);
  }
  cv::Mat ramp(256, 256, CV_32FC1);
  for (int y = 0; y < ramp.rows; ++y)
    for (int x = 0; x < ramp.cols; ++x) ramp.at<float>(y, x) = static_cast<float>(x + 0.5 * y);
  EXPECT_FALSE(find_lattice(test::micrograph_of(ramp)));
}

// Whole grey values make steps as regular as lattice planes of everything smooth.
TEST(LatticePeriod, IsSilentOnSmoothSurfacesInWholeGreyValues) {
  using Surface = double (*)(double along, double x, double y);
  const std::vector<Surface> surfaces = {
      [](double along, double, double) { return along; },
      [](double along, double, double) { return along * along; },
      [](double, double x, double y) { return 1 - x * x - y * y; },
      [](double along, double, double) { return 1 / (1 + std::exp(-8 * along)); },
      [](double along, double, double) { return std::sin(4 * along); },
      [](double, double x, double y) { return x * y; },
  };
  for (std::size_t k = 0; k < surfaces.size(); ++k)
    for (const double angle : {0.0, 0.12, 1.07})
      for (const double most : {40.0, 300.0, 60000.0}) {
        cv::Mat image(384, 384, CV_32FC1);
        for (int y = 0; y < image.rows; ++y)
          for (int x = 0; x < image.cols; ++x) {
            const double u = x / 192.0 - 1, v = y / 192.0 - 1;
            const double height = surfaces[k](u * std::cos(angle) + v * std::sin(angle), u, v);
            image.at<float>(y, x) = static_cast<float>(std::round(most * (height + 2) / 4));
          }
        const auto lattice = find_lattice(test::micrograph_of(image));
        EXPECT_FALSE(lattice) << "surface " << k << " angle " << angle << " to " << most << ": "
                              << (lattice ? lattice->period_px : 0);
      }
}

TEST(LatticePeriod, IsThatOfTheSampleSeries) {
  // 0.3905 to 0.393 nm at 0.034 nm/px.
  for (const char* name : {"lfo_sto_0dpa.tif", "lfo_sto_0p1dpa.tif", "lfo_sto_0p5dpa.tif"}) {
    const Micrograph micrograph = load_micrograph(std::filesystem::path(METAMICT_SOURCE_DIR) / "data" / name);
    const auto lattice = find_lattice(micrograph);
    ASSERT_TRUE(lattice) << name;
    EXPECT_NEAR(lattice->period_px * *micrograph.nm_per_pixel, 0.3915, 0.03 * 0.3915) << name;
  }
}

}  // namespace
}  // namespace metamict
