// SPDX-License-Identifier: GPL-3.0-or-later
// Which of three parts that meet are two sides of one border: patches of a cap, glass below it.
#include "rules/interfaces.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <random>

#include "rules/joining.hpp"
#include "rules/patches.hpp"
#include "rules/pieces.hpp"
#include "rules/resolving.hpp"

namespace metamict {
namespace {

constexpr int side = 40;  // chips; four to a chip's width
const ChipGrid grid = lay_grid({side + 3, side + 3}, {side + 3, side + 3}, 4, 1);

enum Part : std::size_t { film, cap, other };

/// Places in strides from the image's middle, turned so that the growth direction points up.
using Map = std::function<Part(double along, double up)>;

std::vector<Nodes> parts_of(const Map& map, double angle_deg = 0) {
  std::vector<Nodes> parts(3);
  const double turn = angle_deg * std::numbers::pi / 180;
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    const double x = grid.col(node) - side / 2.0 + 0.5, y = side / 2.0 - 0.5 - grid.row(node);
    const double along = x * std::cos(turn) + y * std::sin(turn),
                 up = y * std::cos(turn) - x * std::sin(turn);
    parts[map(along, up)].push_back(static_cast<std::uint32_t>(node));
  }
  return parts;
}

Part patches(double along, double up) {
  if (up < 5) return film;
  return along + 2 * std::sin(up) < 3 ? cap : other;
}

Part pocket(double along, double up) {
  if (up >= 5) return cap;
  return std::hypot(along, up - 2) < 9 ? other : film;
}

TEST(Interfaces, TellPatchesOfACapFromGlassBelowItInAnyDirection) {
  for (int angle_deg = 0; angle_deg < 360; angle_deg += 15) {
    EXPECT_GT(Interfaces(grid, parts_of(patches, angle_deg)).on_one_side_of(film, cap, other), 2)
        << angle_deg;
    EXPECT_LT(Interfaces(grid, parts_of(pocket, angle_deg)).on_one_side_of(film, cap, other), 0.5)
        << angle_deg;
  }
}

TEST(Interfaces, SayNothingWhereThreeDoNotMeet) {
  const auto layers = [](double, double up) { return up < -4 ? film : up < 6 ? other : cap; };
  const Interfaces meet(grid, parts_of(layers));
  EXPECT_EQ(meet.on_one_side_of(film, cap, other), 1);
  EXPECT_TRUE(meet.touch(cap, other));
  EXPECT_FALSE(meet.touch(cap, film));
}

TEST(Interfaces, AreThoseOfTheMergedParts) {
  std::mt19937 random(5);
  std::vector<Nodes> parts(6);
  for (std::size_t node = 0; node < grid.chips(); ++node)
    parts[static_cast<std::size_t>(grid.row(node) / 14 + 3 * (grid.col(node) / 21))].push_back(
        static_cast<std::uint32_t>(node));
  Interfaces meet(grid, parts);
  while (parts.size() > 3) {
    const std::size_t a = 1 + random() % (parts.size() - 1), b = random() % a;
    parts[b] = joined(parts[b], parts[a]);
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(a));
    meet.merge(a, b);
    const Interfaces anew(grid, parts);
    for (std::size_t i = 0; i < parts.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_EQ(meet.touch(i, j), anew.touch(i, j));
        for (std::size_t k = 0; k < parts.size(); ++k)
          EXPECT_NEAR(meet.on_one_side_of(k, i, j), anew.on_one_side_of(k, i, j), 1e-6);
      }
  }
}

/// The three parts with looks of their own: film and the rest at right angles, the cap and the
/// other part so many degrees apart, and noise on every chip. The film has a lattice.
class ThreeParts {
 public:
  ThreeParts(std::vector<Nodes> parts, double apart_deg) : parts_(std::move(parts)) {
    std::mt19937 random(9);
    std::normal_distribution<float> noise(0, 0.05F);
    rows_ND_.resize(static_cast<Eigen::Index>(grid.chips()), 24);
    order_.assign(grid.chips(), 0.0F);
    const double apart = apart_deg * std::numbers::pi / 180;
    for (std::size_t k = 0; k < parts_.size(); ++k)
      for (const std::uint32_t chip : parts_[k]) {
        Eigen::RowVectorXf row(24);
        for (Eigen::Index i = 0; i < row.size(); ++i) row[i] = noise(random);
        if (k == film) row[0] += 1;
        if (k == cap) row[1] += 1;
        if (k == other) {
          row[1] += static_cast<float>(std::cos(apart));
          row[2] += static_cast<float>(std::sin(apart));
        }
        rows_ND_.row(chip) = row.normalized();
        if (k == film) order_[chip] = 0.8F;
      }
  }

  ChipField field(const NestedOptions& options = {}) const {
    return ChipField(grid, rows_ND_, order_, 1.0, options);
  }
  const std::vector<Nodes>& parts() const { return parts_; }

 private:
  std::vector<Nodes> parts_;
  RowMatrixXf rows_ND_;
  std::vector<float> order_;
};

// Noise makes 0.05 of dissimilarity inside a part. At 38 degrees 0.24 lie across: 4.3 times as
// much.
TEST(Patches, OfACapAreOneHoweverClearlyTheyDiffer) {
  const ThreeParts image(parts_of(patches), 38);
  EXPECT_GE(clarity_across(image.field(), image.parts()[cap], image.parts()[other]), 1);
  EXPECT_EQ(without_patches(image.field(), image.parts()).size(), 2U);
}

TEST(Patches, AreTwoMaterialsWhereNothingIsAlike) {
  const ThreeParts image(parts_of(patches), 90);
  EXPECT_EQ(without_patches(image.field(), image.parts()).size(), 3U);
}

TEST(Patches, AreNoGlassBelowACap) {
  const ThreeParts image(parts_of(pocket), 38);
  EXPECT_EQ(without_patches(image.field(), image.parts()).size(), 3U);
}

TEST(JoinAlike, LeavesGlassBelowACapThatDiffersInTheMean) {
  NestedOptions options;
  options.jump.ratio_without_lattice = 8;  // so that the jump alone says nothing
  const auto regions = [&](const Map& map, double apart_deg) {
    const ThreeParts image(parts_of(map), apart_deg);
    return join_alike(image.field(options), image.parts()).size();
  };
  EXPECT_EQ(regions(pocket, 40), 3U);  // the means differ by 0.23
  EXPECT_EQ(regions(pocket, 34), 2U);  // 0.17
  EXPECT_EQ(regions(patches, 40), 2U);
}

/// Two pockets of glass in a film, so many degrees apart.
std::vector<Nodes> pieces_of_two_pockets(double apart_deg) {
  const auto map = [](double along, double up) {
    return std::hypot(along - 10, up) < 5 ? cap : std::hypot(along + 10, up) < 5 ? other : film;
  };
  const ThreeParts image(parts_of(map), apart_deg);
  return unlike_pieces(image.field(), joined(image.parts()[cap], image.parts()[other]));
}

TEST(UnlikePieces, AreToldByTheirMeans) {
  EXPECT_EQ(pieces_of_two_pockets(33).size(), 1U);  // 0.16
  EXPECT_EQ(pieces_of_two_pockets(42).size(), 2U);  // 0.26
}

// No chip of the pocket has only its own kind around it to half a chip's width.
TEST(RegionsAmong, KeepAPocketWithoutACoreWhereTheLatticeIsLost) {
  const auto map = [](double along, double up) {
    return up > 12 ? cap : std::hypot(along, up) < 2.3 ? other : film;
  };
  const ThreeParts image(parts_of(map), 60);
  Communities communities;
  communities.community.resize(grid.chips());
  Nodes all(grid.chips());
  std::iota(all.begin(), all.end(), 0U);
  for (std::size_t k = 0; k < 3; ++k)
    for (const std::uint32_t chip : image.parts()[k])
      communities.community[chip] = static_cast<std::int32_t>(k);
  communities.count = 3;
  const ChipField field = image.field();
  ASSERT_FALSE(field.has_core(image.parts()[other]));
  EXPECT_EQ(regions_among(field, all, communities).size(), 3U);
}

}  // namespace
}  // namespace metamict
