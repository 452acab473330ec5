// SPDX-License-Identifier: GPL-3.0-or-later
// The period finder over many generated lattices: right within 3 %, silent where there is none.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
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
    test::LatticeImage image{.rows = 400,
                             .cols = 400,
                             .period_px = std::exp(log_period(random)),
                             .angle_deg = angle(random)};
    image.hexagonal = i % 2 == 1;
    image.counts = i % 3 == 0 ? 10 : 60;
    image.amorphous_from = i % 4 == 0 ? 0.5 : 1.0;
    image.seed = static_cast<std::uint64_t>(i) + 1;
    const auto lattice = find_lattice(test::micrograph_of(test::draw_lattice(image)));
    const bool right = lattice && std::abs(lattice->period_px / image.period_px - 1) <= 0.03;
    wrong += !right;
    EXPECT_TRUE(right) << "image " << i << (image.hexagonal ? " hexagonal" : " square")
                       << " period " << image.period_px << " angle " << image.angle_deg
                       << " counts " << image.counts << " amorphous from " << image.amorphous_from
                       << " found " << (lattice ? lattice->period_px : 0.0);
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
    EXPECT_FALSE(lattice) << "noise " << i << ": " << (lattice ? lattice->period_px : 0)
                          << " px, confidence " << (lattice ? lattice->confidence : 0);
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
    const Micrograph micrograph =
        load_micrograph(std::filesystem::path(METAMICT_SOURCE_DIR) / "data" / name);
    const auto lattice = find_lattice(micrograph);
    ASSERT_TRUE(lattice) << name;
    EXPECT_NEAR(lattice->period_px * *micrograph.nm_per_pixel, 0.3915, 0.03 * 0.3915) << name;
  }
}

/// A crystal along a zone axis: translations of the smallest cell and the columns in it, in units
/// of the period.
struct Crystal {
  cv::Point2d t, u;
  std::vector<std::pair<cv::Point2d, double>> columns;  // place, brightness
  double sigma;                                         // of a column
};

/// The definition in Lattice's comment, by looking for the shortest two of many reciprocal vectors.
double period_of(const Crystal& crystal) {
  const double area = crystal.t.cross(crystal.u);
  const cv::Point2d a(crystal.u.y / area, -crystal.u.x / area),
      b(-crystal.t.y / area, crystal.t.x / area);
  std::vector<cv::Point2d> vectors;
  for (int h = -4; h <= 4; ++h)
    for (int k = -4; k <= 4; ++k)
      if (h != 0 || k != 0) vectors.push_back(h * a + k * b);
  std::sort(vectors.begin(), vectors.end(),
            [](auto one, auto other) { return one.dot(one) < other.dot(other); });
  for (const cv::Point2d other : vectors)
    if (std::abs(vectors[0].cross(other)) > 1e-6)
      return 1 / std::sqrt(cv::norm(vectors[0]) * cv::norm(other));
  return 0;
}

void draw_crystal(const Crystal& crystal, double period_px, double angle_deg, cv::Mat& image) {
  const double scale = period_px / period_of(crystal), angle = angle_deg * std::numbers::pi / 180;
  const double sigma = scale * crystal.sigma;
  const auto place = [&](cv::Point2d at) {
    return scale * cv::Point2d(at.x * std::cos(angle) - at.y * std::sin(angle),
                               at.x * std::sin(angle) + at.y * std::cos(angle)) +
           cv::Point2d(image.cols / 2.0 + 0.3, image.rows / 2.0 + 0.7);
  };
  image = cv::Mat::zeros(image.size(), CV_32F);
  const int reach =
      4 + static_cast<int>(1.6 * std::max(image.rows, image.cols) / (scale * cv::norm(crystal.t)));
  for (int i = -reach; i <= reach; ++i)
    for (int j = -reach; j <= reach; ++j)
      for (const auto& [column, brightness] : crystal.columns) {
        const cv::Point2d at = place(i * crystal.t + j * crystal.u + column);
        for (int y = std::max(0, static_cast<int>(at.y - 4 * sigma));
             y < std::min<double>(image.rows, at.y + 4 * sigma); ++y)
          for (int x = std::max(0, static_cast<int>(at.x - 4 * sigma));
               x < std::min<double>(image.cols, at.x + 4 * sigma); ++x)
            image.at<float>(y, x) += static_cast<float>(
                brightness * std::exp(-((x - at.x) * (x - at.x) + (y - at.y) * (y - at.y)) /
                                      (2 * sigma * sigma)));
      }
  image /= cv::mean(image)[0];
}

/// Right of a border through the middle in any direction: the second; all in counts with Poisson
/// noise.
cv::Mat join(const cv::Mat& first, const cv::Mat& second, double share, double border_deg,
             double counts, std::mt19937_64& random) {
  const double c = std::cos(border_deg * std::numbers::pi / 180),
               s = std::sin(border_deg * std::numbers::pi / 180);
  cv::Mat image = first.clone();
  for (int y = 0; y < image.rows; ++y)
    for (int x = 0; x < image.cols; ++x) {
      const double across = (x - image.cols / 2.0) * c + (y - image.rows / 2.0) * s;
      if (across > (share - 0.5) * image.cols) image.at<float>(y, x) = second.at<float>(y, x);
      const double expected = counts * (image.at<float>(y, x) + 0.4) / 1.4;
      image.at<float>(y, x) = static_cast<float>(std::poisson_distribution<int>(expected)(random));
    }
  return image;
}

const double half_diagonal = std::sqrt(0.125);
const std::vector<Crystal> crystals = {
    {{1, 0}, {0, 1}, {{{0, 0}, 1}}, 0.14},                     // square
    {{1, 0}, {0, 1}, {{{0, 0}, 1}, {{0.5, 0.5}, 0.4}}, 0.14},  // perovskite [100]
    {{1, 0}, {0.5, std::sqrt(0.75)}, {{{0, 0}, 1}}, 0.14},     // hexagonal
    {{1, 0}, {0, 1.3}, {{{0, 0}, 1}}, 0.14},                   // rectangle
    {{half_diagonal, 0.5},
     {-half_diagonal, 0.5},
     {{{0, 0}, 1}, {{0, 0.25}, 1}},
     0.07},  // diamond <110>
    {{half_diagonal, 0.5},
     {-half_diagonal, 0.5},
     {{{0, 0}, 1}, {{0, 0.25}, 0.6}},
     0.07},                                                    // zincblende <110>
    {{1, 0}, {0, 1}, {{{0, 0}, 1}, {{0.25, 0.2}, 0.8}}, 0.1},  // pairs on a square
};

TEST(LatticePeriod, OfGrainsDumbbellsAndTwoLatticesIsRightOrUncertain) {
  std::mt19937_64 random(20262);
  const auto between = [&random](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  constexpr std::array<int, 5> edges_px{96, 128, 160, 192, 256};
  constexpr int images = 60;
  int uncertain = 0;
  for (int i = 0; i < images; ++i) {
    const int edge_px = edges_px[static_cast<std::size_t>(i) % edges_px.size()];
    const Crystal& crystal = crystals[static_cast<std::size_t>(i) % crystals.size()];
    const double period_px = between(6, edge_px / 8.0), angle = between(0, 180);
    cv::Mat first(edge_px, edge_px, CV_32F), second(edge_px, edge_px, CV_32F);
    draw_crystal(crystal, period_px, angle, first);
    const int kind = i % 3;  // two grains, one crystal, a second lattice
    if (kind == 2)
      draw_crystal(crystals[static_cast<std::size_t>(i) % 4], std::max(5.0, 0.8 * period_px), angle,
                   second);
    else
      draw_crystal(crystal, period_px, angle + (kind == 0 ? between(6, 45) : 0.0), second);
    const cv::Mat image =
        join(first, second, kind == 2 ? 0.72 : 0.55, between(0, 360), between(20, 200), random);
    const LatticeFinding found = measure_lattice(test::micrograph_of(image));
    uncertain += !found.lattice;
    EXPECT_TRUE(found.lattice || !found.candidates_px.empty()) << "image " << i;
    EXPECT_FALSE(found.lattice && !found.candidates_px.empty()) << "image " << i;
    if (!found.lattice) continue;
    EXPECT_NEAR(found.lattice->period_px / period_px, 1, 0.03)
        << "image " << i << ", " << edge_px << " px, crystal " << i % crystals.size() << ", kind "
        << kind;
  }
  EXPECT_LE(uncertain, images / 20);
}

// Diamond along <110>: the two shortest reciprocal vectors are {111}.
TEST(LatticePeriod, OfACentredCellIsThatOfItsSmallestCell) {
  EXPECT_NEAR(period_of(crystals[4]), 1 / std::sqrt(3.0), 1e-9);
}

TEST(LatticePeriod, IsUncertainWhereTwoLatticesShareTheImageEvenly) {
  std::mt19937_64 random(3);
  cv::Mat first(256, 256, CV_32F), second(256, 256, CV_32F);
  draw_crystal(crystals[0], 12, 10, first);
  draw_crystal(crystals[0], 17, 40, second);
  const LatticeFinding found =
      measure_lattice(test::micrograph_of(join(first, second, 0.5, 0, 100, random)));
  EXPECT_FALSE(found.lattice);
  ASSERT_EQ(found.candidates_px.size(), 2U);
  EXPECT_NEAR(found.candidates_px[0] * found.candidates_px[1], 12 * 17, 0.04 * 12 * 17);
}

/// A field repeated and mirrored, as a mosaic of like fields would be.
cv::Mat mosaic_of(const cv::Mat& field, cv::Size size) {
  cv::Mat two, four, all;
  cv::flip(field, two, 1);
  cv::hconcat(field, two, two);
  cv::flip(two, four, 0);
  cv::vconcat(two, four, four);
  cv::repeat(four, size.height / four.rows + 1, size.width / four.cols + 1, all);
  return all(cv::Rect({0, 0}, size)).clone();
}

// Large images are looked at in parts, each as closely as a small image.
TEST(LatticePeriod, OfAMosaicIsThatOfItsFields) {
  const cv::Mat field = test::draw_lattice(
      {.rows = 500, .cols = 500, .period_px = 11.5, .angle_deg = 7, .amorphous_from = 0.4});
  const auto alone = find_lattice(test::micrograph_of(field)),
             together = find_lattice(test::micrograph_of(mosaic_of(field, {5000, 2100})));
  ASSERT_TRUE(alone);
  ASSERT_TRUE(together);
  EXPECT_NEAR(alone->period_px, 11.5, 0.01 * 11.5);
  EXPECT_NEAR(together->period_px, 11.5, 0.01 * 11.5);
}

TEST(LatticePeriod, IsUncertainWhereTheHalvesOfALargeImageDiffer) {
  cv::Mat image;
  cv::hconcat(mosaic_of(test::draw_lattice({.period_px = 12}), {2400, 800}),
              mosaic_of(test::draw_lattice({.period_px = 17}), {2400, 800}), image);
  const LatticeFinding found = measure_lattice(test::micrograph_of(image));
  EXPECT_FALSE(found.lattice);
  ASSERT_EQ(found.candidates_px.size(), 2U);
  EXPECT_NEAR(found.candidates_px[0] * found.candidates_px[1], 12 * 17, 0.04 * 12 * 17);
}

// 0.02 nm wide and 0.04 nm high: a square lattice is a rectangle of pixels.
TEST(LatticePeriod, IsMeasuredInRealProportions) {
  std::mt19937_64 random(4);
  for (const double angle : {0.0, 30.0}) {
    cv::Mat square(384, 384, CV_32F), flat;
    draw_crystal(crystals[0], 20, angle, square);
    const cv::Mat image = join(square, square, 1, 0, 200, random);
    cv::resize(image, flat, {384, 192}, 0, 0, cv::INTER_AREA);
    // 20 columns, in squares of the area of a pixel twice as high as wide.
    const double period_px = 20 / std::sqrt(2.0);
    Micrograph high = test::micrograph_of(flat), wide = test::micrograph_of(flat.t());
    high.pixel_aspect = 2;
    wide.pixel_aspect = 0.5;
    for (const Micrograph& one : {high, wide}) {
      const LatticeFinding found = measure_lattice(one);
      ASSERT_TRUE(found.lattice) << angle;
      EXPECT_NEAR(found.lattice->period_px, period_px, 0.03 * period_px) << angle;
    }
  }
}

}  // namespace
}  // namespace metamict
