// SPDX-License-Identifier: GPL-3.0-or-later
// The nested rule, on embeddings and images whose truth is known.
#include "rules/nested_rule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "lattice/chip_spectra.hpp"
#include "metamict/labelings.hpp"
#include "metamict/order.hpp"
#include "rules/splitting.hpp"
#include "support/support.hpp"

namespace metamict {
namespace {

/// An image as it stands before the rules.
struct Image {
  Micrograph canonical;
  ChipGrid grid;
  Embeddings embeddings;
  Similarity similarity;
  std::vector<float> order;
};

/// With embeddings made to measure: how far each chip is of a second kind, a drift across the
/// image, noise.
Image image_of(int rows, int cols, const std::function<double(int row, int col)>& share_of_second,
               double drift, double noise) {
  Image image;
  const int size = 64, stride = 16;
  const cv::Size size_px((cols - 1) * stride + size, (rows - 1) * stride + size);
  image.grid = lay_grid(size_px, size_px, size, stride);
  std::mt19937_64 random(5);
  std::normal_distribution<float> normal(0, static_cast<float>(noise));
  image.embeddings.rows_ND.resize(rows * cols, 24);
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      auto chip = image.embeddings.rows_ND.row(row * cols + col);
      for (int d = 0; d < 24; ++d) chip[d] = normal(random);
      const auto second = static_cast<float>(share_of_second(row, col));
      chip[0] += 1 - second;
      chip[1] += second;
      chip[2] += static_cast<float>(drift * col / cols);
      chip.normalize();
    }
  image.similarity = compare(image.embeddings);
  return image;
}

Communities nested(const Image& image, const ChipEvidence& evidence = {}) {
  return find_nested({image.canonical, image.grid, image.embeddings, image.similarity, image.order,
                      all_chips(image.grid)},
                     evidence, {}, {}, {}, {});
}

TEST(NestedRule, FindsASmallPocketAndItsBorder) {
  // Chips overlap: those at the border show both, in a mixture that changes over a chip's width.
  const auto pocket = [](int row, int col) {
    const double inside = 7 - std::hypot(row - 8, col - 30);
    return std::clamp(inside / 4 + 0.5, 0.0, 1.0);
  };
  const Image image = image_of(40, 60, pocket, 0.0, 0.02);
  const Communities found = nested(image);
  EXPECT_EQ(found.count, 2);
  std::vector<std::int32_t> truth;
  for (int row = 0; row < 40; ++row)
    for (int col = 0; col < 60; ++col) truth.push_back(pocket(row, col) > 0.5);
  EXPECT_GT(adjusted_rand_index(found.community, truth), 0.95);
}

TEST(NestedRule, LeavesOneLatticeInOnePiece) {
  EXPECT_EQ(nested(image_of(
                       40, 40, [](int, int) { return 0.0; }, 0.0, 0.05))
                .count,
            1)
      << "noise";
  EXPECT_EQ(nested(image_of(
                       40, 40, [](int, int) { return 0.0; }, 0.6, 0.03))
                .count,
            1)
      << "a drift is no border";
}

TEST(NestedRule, TakesPlacesInTheCellForOneLattice) {
  // A jump as clear as a border's, but of a hundredth of a cosine, where no two chips differ by
  // more.
  const auto right_half = [](int, int col) { return col < 20 ? 0.0 : 0.12; };
  EXPECT_EQ(nested(image_of(40, 40, right_half, 0.0, 0.005)).count, 1);
  const auto clearly = [](int, int col) { return col < 20 ? 0.0 : 0.4; };
  EXPECT_EQ(nested(image_of(40, 40, clearly, 0.0, 0.005)).count, 2);
}

TEST(NestedRule, ProposesPartsByTheCosineWhateverTheScaleOfScores) {
  Image image = image_of(
      12, 20, [](int, int col) { return col < 8 ? 0.0 : 1.0; }, 0.3, 0.05);
  const Similarity cosines = image.similarity;
  image.similarity = compare(image.embeddings, {SimilarityScale::angle});
  Nodes all(image.grid.chips());
  std::iota(all.begin(), all.end(), 0U);
  const Similarity back = restrict_to(image.similarity, all, {});
  EXPECT_EQ(back.scale, SimilarityScale::minmax);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      ASSERT_NEAR(back.score(i, j), cosines.score(i, j), 1e-4) << i << ", " << j;
  EXPECT_NEAR(back.statistics.mean, cosines.statistics.mean, 1e-5);
  const Communities by_angle = nested(image);
  image.similarity = cosines;
  EXPECT_EQ(by_angle.community, nested(image).community);
}

TEST(NestedRule, SeesAPocketBehindADrift) {
  const auto pocket = [](int row, int col) {
    return std::clamp((8 - std::hypot(row - 20, col - 12)) / 4 + 0.5, 0.0, 1.0);
  };
  EXPECT_EQ(nested(image_of(40, 70, pocket, 0.6, 0.02)).count, 2);
}

TEST(NestedRule, KeepsAPocketWithoutAWholeCore) {
  // As wide as a chip and a half: no chip in it has only its own kind around it to half a chip's
  // width.
  const auto pocket = [](int row, int col) {
    return std::clamp((3.2 - std::hypot(row - 13, col - 9)) / 4 + 0.5, 0.0, 1.0);
  };
  EXPECT_EQ(nested(image_of(26, 26, pocket, 0.2, 0.02)).count, 2);
}

/// A patchy cap over a film with a pocket in it that looks like some of the cap's patches.
Image capped_film(const std::function<double(int row, int col)>& share_of_pocket, double unlike) {
  const int rows = 40, cols = 60;
  Image image = image_of(
      rows, cols, [](int, int) { return 0.0; }, 0.0, 0.02);
  std::mt19937_64 random(9);
  std::normal_distribution<float> normal(0, 0.02F);
  image.order.assign(static_cast<std::size_t>(rows * cols), 0.0F);
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      auto chip = image.embeddings.rows_ND.row(row * cols + col);
      for (int d = 0; d < 24; ++d) chip[d] = normal(random);
      const auto cap = static_cast<float>(std::clamp((9.5 - row) / 4 + 0.5, 0.0, 1.0));
      const auto pocket = static_cast<float>(share_of_pocket(row, col)), film = 1 - cap - pocket;
      const auto patch = static_cast<float>(0.5 + 0.5 * std::sin(col / 3.0));
      chip[0] += film;
      chip[1] += cap + pocket;
      chip[2] += cap * 0.6F * patch + pocket * 0.3F;
      chip[3] += pocket * static_cast<float>(unlike);
      chip.normalize();
      image.order[static_cast<std::size_t>(row * cols + col)] = 0.9F * film;
    }
  image.similarity = compare(image.embeddings);
  return image;
}

TEST(NestedRule, KeepsAPocketThatLooksLikePatchesOfTheCap) {
  const auto pocket = [](int row, int col) {
    return std::clamp((3.4 - std::hypot(row - 25, col - 30)) / 4 + 0.5, 0.0, 1.0);
  };
  for (const double unlike : {0.0, 1.0}) {
    const Communities found = nested(capped_film(pocket, unlike));
    EXPECT_EQ(found.count, unlike > 0 ? 3 : 2) << "two pieces of one kind are one region";
    std::vector<std::int32_t> inside, truth;
    for (int row = 16; row < 40; ++row)
      for (int col = 0; col < 60; ++col) {
        truth.push_back(pocket(row, col) > 0.5);
        inside.push_back(found.community[static_cast<std::size_t>(row * 60 + col)]);
      }
    EXPECT_GT(adjusted_rand_index(inside, truth), 0.7) << unlike;
  }
}

TEST(NestedRule, TellsGrainsApartByTheirLattice) {
  // Embeddings that see no difference: only the spectra can tell.
  const cv::Mat left = test::draw_lattice({.rows = 640, .cols = 640, .seed = 4}),
                right = test::draw_lattice({.rows = 640, .cols = 640, .angle_deg = 13, .seed = 5});
  for (const bool two : {false, true}) {
    cv::Mat picture = left.clone();
    if (two) right.colRange(360, 640).copyTo(picture.colRange(360, 640));
    Image image = image_of(
        37, 37, [](int, int) { return 0.0; }, 0.0, 0.01);
    ASSERT_EQ(image.grid.image_size, picture.size());
    const Micrograph micrograph = standardise(test::micrograph_of(picture));
    image.order = measure_order(micrograph, image.grid, 2);
    const Communities found = nested(image, {chip_spectra(micrograph, image.grid, 2), {}});
    std::vector<std::int32_t> truth;
    for (std::size_t node = 0; node < image.grid.chips(); ++node)
      truth.push_back(two && image.grid.chip(node).x + 32 >= 360);
    EXPECT_EQ(found.count, two ? 2 : 1);
    EXPECT_GT(adjusted_rand_index(found.community, truth), 0.9);
  }
}

TEST(NestedRule, FindsAPocketThatOnlyTheLostLatticeShows) {
  const cv::Mat film = test::draw_lattice({.rows = 640, .cols = 640, .seed = 4}),
                glass = test::draw_lattice(
                    {.rows = 640, .cols = 640, .amorphous_from = 0.0, .seed = 5});
  const double radius = 90;
  cv::Mat picture = film.clone(), disc = cv::Mat::zeros(picture.size(), CV_8UC1);
  cv::circle(disc, {300, 250}, static_cast<int>(radius), {255}, cv::FILLED);
  glass.copyTo(picture, disc);
  Image image = image_of(
      37, 37, [](int, int) { return 0.0; }, 0.0, 0.01);
  const Micrograph micrograph = standardise(test::micrograph_of(picture));
  image.order = measure_order(micrograph, image.grid, 2);
  const Communities found = nested(image, {chip_spectra(micrograph, image.grid, 2), {}});
  EXPECT_EQ(found.count, 2);
  std::vector<std::int32_t> truth;
  for (std::size_t node = 0; node < image.grid.chips(); ++node)
    truth.push_back(disc.at<std::uint8_t>(image.grid.chip(node).tl() + cv::Point(32, 32)) != 0);
  EXPECT_GT(adjusted_rand_index(found.community, truth), 0.8);
}

}  // namespace
}  // namespace metamict
