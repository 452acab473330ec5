// SPDX-License-Identifier: GPL-3.0-or-later
// Which parts of an image are borders between two others, and which pieces lie astray.
#include "rules/chip_field.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>

#include "rules/pieces.hpp"
#include "rules/resolving.hpp"

namespace metamict {
namespace {

/// 8 x 8 chips, eight of them to a chip's width, so that a part of fewer than five in a row has no
/// core.
class WithoutBorders : public testing::Test {
 protected:
  std::vector<Nodes> kept(const std::vector<Eigen::Vector3f>& looks,
                          const std::function<std::size_t(int row, int col)>& part_at) {
    std::vector<Nodes> parts(looks.size());
    RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), 3);
    for (std::size_t node = 0; node < grid.chips(); ++node) {
      const std::size_t part = part_at(grid.row(node), grid.col(node));
      parts[part].push_back(static_cast<std::uint32_t>(node));
      rows_ND.row(static_cast<Eigen::Index>(node)) = looks[part].normalized().transpose();
    }
    const std::vector<float> order;
    return without_borders(ChipField(grid, rows_ND, order, 1.0, {}), parts);
  }

  const int last = 7;
  const ChipGrid grid = lay_grid({8 + last, 8 + last}, {8 + last, 8 + last}, 8, 1);
};

TEST_F(WithoutBorders, ANarrowPartBetweenTwoIsLeftOutWhenItLooksLikeSomethingBetween) {
  const auto stripes = [](int, int col) { return col < 3 ? 0U : col < 5 ? 1U : 2U; };
  // The outer parts have no core either, but one neighbour only.
  EXPECT_EQ(kept({{1, 0, 0}, {1, 1, 0}, {0, 1, 0}}, stripes).size(), 2U);
  EXPECT_EQ(kept({{1, 0, 0}, {0, 0, 1}, {0, 1, 0}}, stripes).size(), 3U);  // like neither
}

// Each of four parts in a square lies between its two neighbours, by place and by look: 60 degrees
// from either, which are 90 degrees apart.
TEST_F(WithoutBorders, PartsAreNeverAllTakenForBorders) {
  const auto quarters = [](int row, int col) { return 2U * (row > 3) + (col > 3); };
  const auto parts = kept({{1, 1, 0}, {1, 0, 1}, {1, 0, -1}, {1, -1, 0}}, quarters);
  ASSERT_EQ(parts.size(), 4U);
  for (const Nodes& part : parts) EXPECT_EQ(part.size(), 16U);
}

/// 24 x 24 chips, four to a chip's width: A above B, and in A an island as like to B as `most`,
/// which it is at once or by and by.
std::vector<Nodes> with_island(double most, bool gradual) {
  const ChipGrid grid = lay_grid({27, 27}, {27, 27}, 4, 1);
  RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), 2);
  std::vector<Nodes> regions(2);
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    const int row = grid.row(node), col = grid.col(node);
    const double away = std::hypot(row - 7, col - 12);
    double turned = row > 15 ? 1 : 0;
    if (row <= 15) turned = gradual ? most * std::exp(-away * away / 60) : away < 5 ? most : 0;
    const double angle = turned * std::numbers::pi / 3;
    rows_ND.row(static_cast<Eigen::Index>(node)) << static_cast<float>(std::cos(angle)),
        static_cast<float>(std::sin(angle));
    regions[turned > 0.5 ? 1 : 0].push_back(static_cast<std::uint32_t>(node));
  }
  const std::vector<float> order;
  return without_stray_pieces(ChipField(grid, rows_ND, order, 1.0, {}), regions);
}

TEST(StrayPieces, GoToTheRegionAroundThemWhereNoJumpPartsThem) {
  const std::vector<Nodes> regions = with_island(0.65, true);
  EXPECT_EQ(regions[0].size(), 16U * 24U);
  EXPECT_EQ(regions[1].size(), 8U * 24U);
  EXPECT_TRUE(std::is_sorted(regions[0].begin(), regions[0].end()));
}

TEST(StrayPieces, StayWhereTheyAreClearlyApart) {
  const std::vector<Nodes> regions = with_island(1.0, false);
  EXPECT_LT(regions[0].size(), 16U * 24U - 60);
  EXPECT_EQ(regions[0].size() + regions[1].size(), 24U * 24U);
}

/// A chip looks unlike the others in one place only, so that the first and the last pairs count.
TEST(AnyUnlike, IsWhatAllPairsSay) {
  const ChipGrid grid = lay_grid({27, 27}, {27, 27}, 4, 1);
  const std::vector<float> order;
  Nodes all(grid.chips());
  std::iota(all.begin(), all.end(), 0U);
  for (const std::size_t odd : {0UL, 1UL, 100UL, grid.chips() - 1}) {
    RowMatrixXf rows_ND(static_cast<Eigen::Index>(grid.chips()), 2);
    rows_ND.rowwise() = Eigen::RowVector2f(1, 0);
    rows_ND.row(static_cast<Eigen::Index>(odd)) << 0.6F, 0.8F;  // cosine 0.6
    const ChipField field(grid, rows_ND, order, 1.0, {});
    for (const double least : {0.1, 0.39, 0.41, 0.9}) {
      const std::vector<float> pairs = field.sample(all, all);
      EXPECT_EQ(
          field.any_unlike(all, least),
          std::any_of(pairs.begin(), pairs.end(), [&](float value) { return value >= least; }))
          << odd << " " << least;
    }
    EXPECT_FALSE(field.any_unlike({all[odd]}, 0.1));
  }
}

}  // namespace
}  // namespace metamict
