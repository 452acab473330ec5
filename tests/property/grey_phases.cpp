// SPDX-License-Identifier: GPL-3.0-or-later
// A glass under a patchy cap is a layer of its own, whatever the patches' grey; a cap alone is one.
#include "rules/grey_phases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <random>

#include "image/mask.hpp"

namespace metamict {
namespace {

using Labelling = unsigned;  // bit k: cell k is bright

double energy(const cv::Mat& grey, Labelling bright, GreyThreshold threshold) {
  const auto is_bright = [&](int y, int x) { return (bright >> (y * grey.cols + x) & 1U) != 0; };
  double sum = 0;
  for (int y = 0; y < grey.rows; ++y)
    for (int x = 0; x < grey.cols; ++x) {
      const double above =
          std::clamp(0.5 + (grey.at<float>(y, x) - threshold.at) / threshold.width, 0.0, 1.0);
      sum += is_bright(y, x) ? 1 - above : above;
      for (const cv::Point by :
           {cv::Point(1, 0), cv::Point(0, 1), cv::Point(1, 1), cv::Point(-1, 1)}) {
        const int v = y + by.y, u = x + by.x;
        if (v >= grey.rows || u < 0 || u >= grey.cols || is_bright(y, x) == is_bright(v, u))
          continue;
        sum += by.x != 0 && by.y != 0 ? std::sqrt(0.5) : 1.0;
      }
    }
  return sum;
}

// More cells than one cut holds are taken in squares: the border stays where it is to one of these.
TEST(BrighterPhase, FindsTheBorderOfALargeField) {
  constexpr int rows = 1100, cols = 1700, left = 333;
  cv::Mat grey(rows, cols, CV_32F), mask(rows, cols, CV_8UC1, cv::Scalar(255));
  cv::RNG(4).fill(grey, cv::RNG::NORMAL, 0, 1);
  mask(cv::Rect(0, 0, 100, rows)) = 0;
  const auto border_at = [](int x) { return 500 + x / 10; };
  for (int x = 0; x < cols; ++x) grey(cv::Rect(x, 0, 1, border_at(x))) += 2;
  grey(cv::Rect(0, 0, 100, rows)) = 50;  // what is not asked about has no say
  const cv::Mat side = brighter_phase(grey, mask, {1, 2});
  ASSERT_EQ(side.size(), grey.size());
  EXPECT_EQ(cv::countNonZero(side(cv::Rect(0, 0, 100, rows))), 0);
  for (int x = left; x < cols; x += 50) {
    const int here = cv::countNonZero(side.col(x));
    EXPECT_NEAR(here, border_at(x), 4) << x;
  }
}

// Every labelling of small fields: none is better.
TEST(BrighterPhase, IsTheBestOfAllLabellings) {
  constexpr int rows = 2, cols = 8, cells = rows * cols;
  int divided = 0;
  for (int seed = 0; seed < 20; ++seed) {
    cv::Mat grey(rows, cols, CV_32F);
    std::mt19937 random(static_cast<unsigned>(seed));
    std::normal_distribution<float> noise(0, 0.6F);
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < cols; ++x)
        grey.at<float>(y, x) = noise(random) + (x + seed % 3 > 4 ? 3.0F : 0.0F);
    const GreyThreshold threshold{1.5, seed % 2 == 0 ? 1.0 : 3.0};
    const cv::Mat side =
        brighter_phase(grey, cv::Mat(rows, cols, CV_8UC1, cv::Scalar(255)), threshold);
    Labelling found = 0;
    for (int k = 0; k < cells; ++k)
      found |= (side.at<std::uint8_t>(k / cols, k % cols) != 0 ? 1U : 0U) << k;
    double least = std::numeric_limits<double>::infinity();
    for (Labelling any = 0; any < 1U << cells; ++any)
      least = std::min(least, energy(grey, any, threshold));
    EXPECT_NEAR(energy(grey, found, threshold), least, 1e-9) << seed;
    divided += found != 0 && found != (1U << cells) - 1;
  }
  EXPECT_GE(divided, 10);
}

constexpr int chips = 41, stride = 4;

/// A field of cells with patches of about three chips, 0 to 1, and the cells below `surface` of one
/// grey.
struct Picture {
  ChipGrid grid;
  cv::Mat cells;
  std::vector<std::uint32_t> all;

  explicit Picture(int seed, double glass, double surface_share)
      : grid(lay_grid({16 + (chips - 1) * stride, 16 + (chips - 1) * stride},
                      {16 + (chips - 1) * stride, 16 + (chips - 1) * stride}, 16, stride)) {
    const int side = 16 + (chips - 1) * stride;
    cells.create(side, side, CV_32F);
    cv::RNG random(seed);
    random.fill(cells, cv::RNG::NORMAL, 0, 1);
    cv::GaussianBlur(cells, cells, {}, 9);
    cv::normalize(cells, cells, 0, 1, cv::NORM_MINMAX);
    cv::threshold(cells, cells, 0.5, 1,
                  cv::THRESH_BINARY);  // patches, some as dark as a glass may be
    cv::GaussianBlur(cells, cells, {}, 2);
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x)
        if (y > surface_share * side + 4 * std::sin(x / 17.0))
          cells.at<float>(y, x) = static_cast<float>(glass);
    cv::Mat noise(cells.size(), CV_32F);
    random.fill(noise, cv::RNG::NORMAL, 0, 0.05);
    cells += noise;
    all.resize(grid.chips());
    std::iota(all.begin(), all.end(), 0U);
  }

  std::vector<Nodes> parts(double contrast = 0.5) const {
    const GreyCells greys(grid, cells, contrast);
    return GreyPhases(greys).parts(all);
  }
};

/// The glass is darker than the cap's dark patches by `below`; these are 1 darker than its bright
/// ones.
void find_the_glass(double below) {
  int found = 0;
  for (int seed = 1; seed <= 10; ++seed) {
    const Picture picture(seed, -below, 0.55);
    const auto parts = picture.parts();
    if (parts.size() != 2) continue;
    ++found;
    std::size_t wrong = 0, of_glass = 0;
    const auto& darker = parts[1];
    std::vector<bool> dark(picture.grid.chips(), false);
    for (const std::uint32_t node : darker) dark[node] = true;
    for (std::size_t node = 0; node < picture.grid.chips(); ++node) {
      const bool glass = picture.grid.row(node) * stride + 8 > 0.55 * picture.cells.rows;
      of_glass += glass;
      wrong += glass != dark[node];
    }
    EXPECT_LT(static_cast<double>(wrong), 0.15 * static_cast<double>(of_glass)) << seed;
  }
  EXPECT_GE(found, 8) << below;
}

TEST(GreyPhases, FindTheGlassUnderAPatchyCap) { find_the_glass(0.8); }

// Two levels for all would put the dark patches to the glass.
TEST(GreyPhases, FindAGlassNearlyAsGreyAsTheDarkPatches) { find_the_glass(0.35); }

TEST(GreyPhases, LeaveACapAndAGlassAloneWhole) {
  int cut = 0;
  for (int seed = 1; seed <= 20; ++seed)
    cut += Picture(seed, 0, 2.0).parts().size() > 1;  // patches only
  EXPECT_LE(cut, 2);
  for (int seed = 1; seed <= 5; ++seed)
    EXPECT_EQ(Picture(seed, 0.3, -1.0).parts().size(), 1U);  // one grey, noise
}

TEST(GreyPhases, DoNotCutWhereNoContrastIsKnown) {
  const Picture picture(1, -0.8, 0.55);
  EXPECT_EQ(picture.parts(0).size(), 1U);
}

}  // namespace
}  // namespace metamict
