// SPDX-License-Identifier: GPL-3.0-or-later
// Borders to the pixel: nearer to the truth than votes of chips whatever tells the two sides apart,
// and where nothing does they stay as they were.
#include "labels/sharp_borders.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <random>

namespace metamict {
namespace {

using Field = std::function<double(double x, double y)>;
constexpr int edge = 480, period = 16;

/// Columns on a square lattice turned by an angle: mean grey 0, standard deviation about 1.
Field lattice(double angle, double a = period) {
  return [=](double x, double y) {
    const double u = std::cos(angle) * x + std::sin(angle) * y,
                 v = -std::sin(angle) * x + std::cos(angle) * y;
    const auto row = [&](double at) {
      return std::exp(3 * (std::cos(2 * std::numbers::pi * at / a) - 1));
    };
    constexpr double mean = 0.2430, deviation = 0.156;  // of a row, and of the product of two
    return (row(u) * row(v) - mean * mean) / deviation;
  };
}

/// Speckle of the columns' size without order.
Field glass() {
  cv::Mat noise(edge, edge, CV_32F);
  cv::RNG random(5);
  random.fill(noise, cv::RNG::NORMAL, 0, 1);
  cv::GaussianBlur(noise, noise, {}, 2);
  noise *= 1 / std::sqrt(cv::mean(noise.mul(noise))[0]);
  return
      [=](double x, double y) { return noise.at<float>(static_cast<int>(y), static_cast<int>(x)); };
}

double wavy(double x) { return 230 + 14 * std::sin(x / 37) + 6 * std::sin(x / 11); }

struct Picture {
  ChipGrid grid = lay_grid({edge, edge}, {edge, edge}, 4 * period, period);
  Micrograph canonical;
  cv::Mat truth = cv::Mat(edge, edge, CV_16UC1);
  std::vector<bool> ordered = {false, true, true, true};  // by label

  Picture(const Field& above, const Field& below, const Field& background = nullptr,
          const Field& border = nullptr) {
    canonical.pixels = cv::Mat(edge, edge, CV_32F);
    std::mt19937_64 random(3);
    std::normal_distribution<double> noise(0, 0.3);
    for (int y = 0; y < edge; ++y)
      for (int x = 0; x < edge; ++x) {
        const bool up = border ? border(x, y) > 0 : y < wavy(x);
        truth.at<std::uint16_t>(y, x) = up ? 1 : 2;
        canonical.pixels.at<float>(y, x) = static_cast<float>(
            (up ? above : below)(x, y) + (background ? background(x, y) : 0) + noise(random));
      }
  }

  /// The truth as chips have it: blocks of a stride.
  cv::Mat blocks() const {
    cv::Mat labels(edge, edge, CV_16UC1);
    for (int y = 0; y < edge; ++y)
      for (int x = 0; x < edge; ++x)
        labels.at<std::uint16_t>(y, x) = truth.at<std::uint16_t>(y / period * period + period / 2,
                                                                 x / period * period + period / 2);
    return labels;
  }
};

double wrong(const cv::Mat& labels, const Picture& picture) {
  return cv::countNonZero(labels != picture.truth) / static_cast<double>(edge) /
         period;  // periods, mean over x
}

/// What is still wrong, as a share of what was.
double left_wrong(const Picture& picture) {
  cv::Mat labels = picture.blocks();
  const double before = wrong(labels, picture);
  const SharpBorders borders =
      sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1);
  EXPECT_EQ(borders.moved, 1);
  EXPECT_EQ(borders.left, 0);
  return wrong(labels, picture) / before;
}

Field plus(const Field& field, double grey) {
  return [=](double x, double y) { return field(x, y) + grey; };
}

TEST(SharpBorders, FollowTheGrey) {
  EXPECT_LT(left_wrong({plus(lattice(0.3), 1.0), lattice(0.3)}), 0.3);
}

TEST(SharpBorders, FollowOrderWhereTheGreyIsTheSame) {
  EXPECT_LT(left_wrong({lattice(0.2), glass()}), 0.8);
}

TEST(SharpBorders, FollowGrainBoundaries) {
  EXPECT_LT(left_wrong({lattice(0.0), lattice(0.45)}), 0.7);
}

TEST(SharpBorders, FollowAChangeOfThePeriod) {
  EXPECT_LT(left_wrong({lattice(0.1), lattice(0.1, 13)}), 0.9);
}

TEST(SharpBorders, FollowTheGreyUnderAWedgeLargerThanTheStep) {
  const auto wedge = [](double x, double) { return 4 * x / edge; };
  EXPECT_LT(left_wrong({plus(lattice(0.3), 1.0), lattice(0.3), wedge}), 0.3);
}

TEST(SharpBorders, AreDrawnAroundPocketsWithoutLosingTheirCorners) {
  const auto square = [](double x, double y) {
    return std::max(std::abs(x - 240), std::abs(y - 240)) < 60 ? -1.0 : 1.0;
  };
  EXPECT_LT(left_wrong({lattice(0.2), glass(), nullptr, square}), 0.81);
}

TEST(SharpBorders, StayWhereBothSidesAreTheSame) {
  const Picture picture(lattice(0.3), lattice(0.3));
  cv::Mat labels = picture.blocks();
  const SharpBorders borders =
      sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1);
  EXPECT_EQ(borders.moved, 0);
  EXPECT_EQ(borders.left, 1);
  EXPECT_EQ(cv::countNonZero(labels != picture.blocks()), 0);
}

TEST(SharpBorders, StayUnderDriftAlone) {
  const auto drift = [](double x, double y) { return 2 * y / edge + x / edge; };
  const Picture picture(lattice(0.3), lattice(0.3), drift);
  cv::Mat labels = picture.blocks();
  EXPECT_EQ(sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1).moved, 0);
}

/// The pairs that are one region by their pixels.
std::vector<std::pair<int, int>> unseen(const Picture& picture) {
  cv::Mat labels = picture.blocks();
  return sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1).unseen;
}

TEST(SharpBorders, AreUnseenOnlyWhereNothingTellsTwoRegionsOfOneOrderApart) {
  const std::vector<std::pair<int, int>> both{{1, 2}};
  EXPECT_EQ(unseen({lattice(0.2), lattice(0.2)}), both);
  const Field wedge = [](double x, double y) { return 0.002 * x + 0.001 * y; };
  EXPECT_EQ(unseen({lattice(0.2), lattice(0.2), wedge}), both);
  EXPECT_TRUE(unseen({lattice(0.2), plus(lattice(0.2), 0.5)}).empty());
  EXPECT_TRUE(unseen({lattice(0.0), lattice(0.3)}).empty());
  Picture unlike(lattice(0.2), lattice(0.2));
  unlike.ordered[2] = false;  // chips say that one side has lost its order: they know better
  EXPECT_TRUE(unseen(unlike).empty());
}

TEST(SharpBorders, MoveAtMostTwoPeriodsAndLeaveUnassignedPixelsAlone) {
  const Picture picture(plus(lattice(0.3), 1.0), lattice(0.3));
  cv::Mat labels = picture.blocks();
  labels(cv::Rect(100, 200, 60, 60)) = 0;  // across the border
  cv::warpAffine(labels, labels, cv::Matx23d(1, 0, 0, 0, 1, 2.4 * period), labels.size(),
                 cv::INTER_NEAREST, cv::BORDER_REPLICATE);
  const cv::Mat before = labels.clone();
  sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1);
  EXPECT_EQ(cv::countNonZero((before == 0) != (labels == 0)), 0);
  cv::Mat away_from_2, away_from_1;
  cv::distanceTransform(before != 2, away_from_2, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  cv::distanceTransform(before != 1, away_from_1, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  const cv::Mat changed = labels != before;
  EXPECT_GT(cv::countNonZero(changed), 0);
  EXPECT_EQ(cv::countNonZero(changed & (away_from_1 > 2 * period + 3) & (before == 2)), 0);
  EXPECT_EQ(cv::countNonZero(changed & (away_from_2 > 2 * period + 3) & (before == 1)), 0);
}

TEST(SharpBorders, OfThreeRegionsDoNotDependOnThreads) {
  const auto layers = [](double x, double y) {
    return y < wavy(x) - 90 ? 2.0 : y < wavy(x) + 40 ? 1.0 : 0.0;
  };
  Picture picture(lattice(0.3), lattice(0.3), layers);
  cv::Mat three(edge, edge, CV_16UC1);
  for (int y = 0; y < edge; ++y)
    for (int x = 0; x < edge; ++x)
      three.at<std::uint16_t>(y, x) =
          static_cast<std::uint16_t>(3 - layers(x / period * period + 8, y / period * period + 8));
  cv::Mat alone = three.clone(), shared = three.clone();
  EXPECT_EQ(sharpen_borders(picture.canonical, picture.grid, picture.ordered, alone, 1).moved, 2);
  sharpen_borders(picture.canonical, picture.grid, picture.ordered, shared, 3);
  EXPECT_EQ(cv::countNonZero(alone != shared), 0);
  EXPECT_GT(cv::countNonZero(alone != three), 0);
}

TEST(SharpBorders, LoseNoThinRegion) {
  const auto strip = [](double, double y) {
    return std::abs(y - 240) < 6 ? 0.8 : 0.0;
  };  // thinner than its label
  const Picture picture(lattice(0.3), lattice(0.3), strip, [](double, double) { return 1.0; });
  cv::Mat labels(edge, edge, CV_16UC1, cv::Scalar(1));
  labels.rowRange(226, 254) = 2;
  labels.rowRange(254, edge) = 3;
  EXPECT_EQ(sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1).moved, 2);
  for (const int label : {1, 2, 3})
    EXPECT_GT(cv::countNonZero(labels == label), edge * period / 4) << label;
}

// An image of another scale than the canonical one.
TEST(SharpBorders, ReachTheInputsOwnPixels) {
  Picture picture(plus(lattice(0.3), 1.0), lattice(0.3));
  picture.grid.input_size = {3 * edge / 2, 3 * edge / 2};
  cv::Mat labels, truth;
  cv::resize(picture.blocks(), labels, picture.grid.input_size, 0, 0, cv::INTER_NEAREST_EXACT);
  cv::resize(picture.truth, truth, picture.grid.input_size, 0, 0, cv::INTER_NEAREST_EXACT);
  sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1);
  EXPECT_LT(cv::countNonZero(labels != truth) / (1.5 * edge) / (1.5 * period), 0.1);
}

// --- where a lattice fades
// --------------------------------------------------------------------------------------------

double logistic(double t) { return 1 / (1 + std::exp(-t)); }

/// A lattice that gives way to glass downwards, half of it left at the wavy border; 10 to 90 %
/// take 4.4 widths.
Picture fading(
    double angle, double width, const Field& full = [](double, double) { return 1.0; }) {
  const Field crystal = lattice(angle), speckle = glass();
  const auto left = [=](double x, double y) { return logistic((wavy(x) - y) / width); };
  const Field mixture = [=](double x, double y) {
    return full(x, y) * left(x, y) * crystal(x, y) + (1 - left(x, y)) * 0.7 * speckle(x, y);
  };
  Picture picture(mixture, mixture, nullptr, [=](double x, double y) { return left(x, y) - 0.5; });
  picture.ordered = {false, true, false, false};
  return picture;
}

/// Labels whose border lies `above` pixels higher than the truth.
cv::Mat too_high(const Picture& picture, double above) {
  cv::Mat labels;
  cv::warpAffine(picture.truth, labels, cv::Matx23d(1, 0, 0, 0, 1, -above), picture.truth.size(),
                 cv::INTER_NEAREST, cv::BORDER_REPLICATE);
  return labels;
}

int pieces(const cv::Mat& labels, int label) {
  cv::Mat piece_at;
  return cv::connectedComponents(labels == label, piece_at, 4) - 1;
}

TEST(FadedBorders, AreWhereHalfOfTheLatticeIsLeft) {
  for (const double angle : {0.0, 0.3, 0.7})
    for (const double width : {30.0, 45.0})
      for (const double above : {-60.0, 60.0}) {
        const Picture picture = fading(angle, width);
        cv::Mat labels = too_high(picture, above);
        const SharpBorders borders =
            sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1);
        EXPECT_EQ(borders.faded, 1);
        EXPECT_LT(wrong(labels, picture), 0.5) << angle << ' ' << width << ' ' << above;  // of 3.75
        EXPECT_EQ(pieces(labels, 1), 1);
        EXPECT_EQ(pieces(labels, 2), 1);
      }
}

TEST(FadedBorders, AreNotTiltedByADriftAlongThem) {
  const Picture picture = fading(0.3, 30, [](double x, double) { return 1 - 0.5 * x / edge; });
  cv::Mat labels = too_high(picture, 50);
  EXPECT_EQ(sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1).faded, 1);
  EXPECT_LT(wrong(labels, picture), 0.75);
}

TEST(FadedBorders, AreNoneWhereALatticeEndsAtOnce) {
  for (const double angle : {0.0, 0.6}) {
    Picture picture(lattice(angle), glass());
    picture.ordered[2] = false;
    cv::Mat labels = picture.blocks();
    EXPECT_EQ(sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1).faded,
              0);
  }
}

TEST(FadedBorders, AreNoneWithinALatticeOrWithinAGlass) {
  Picture crystal(lattice(0.2), lattice(0.2)), speckle(glass(), glass());
  for (Picture* picture : {&crystal, &speckle}) {
    picture->ordered = {false, true, false};  // wrongly
    cv::Mat labels = picture->blocks();
    EXPECT_EQ(sharpen_borders(picture->canonical, picture->grid, picture->ordered, labels, 1).faded,
              0);
  }
}

TEST(FadedBorders, LeaveAThirdRegionAlone) {
  const Picture picture = fading(0.3, 30);
  cv::Mat labels = too_high(picture, 50);
  labels.colRange(0, 120) = 3;
  const cv::Mat before = labels.clone();
  sharpen_borders(picture.canonical, picture.grid, picture.ordered, labels, 1);
  EXPECT_EQ(pieces(labels, 1), 1);
  EXPECT_EQ(pieces(labels, 2), 1);
  cv::Mat away;
  cv::distanceTransform(before != 3, away, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  EXPECT_EQ(cv::countNonZero((labels == 3) & (away > period + 3)), 0);
  EXPECT_LT(cv::countNonZero((labels != picture.truth)(cv::Rect(160, 0, edge - 160, edge))) /
                320.0 / period,
            0.6);
}

}  // namespace
}  // namespace metamict
