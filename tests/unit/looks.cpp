// SPDX-License-Identifier: GPL-3.0-or-later
// What looks at the image say of regions and of the borders between them.
#include "segment/looks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metamict/chips.hpp"

namespace metamict {
namespace {

/// Four columns of chips, 12 chips: the left half is label 1, the right half label 2.
struct Halves {
  ChipGrid grid;
  RuleResult rule;

  Halves() {
    grid.cols = 4;
    grid.rows = 3;
    rule.name = "nested";
    for (int row = 0; row < grid.rows; ++row)
      for (int col = 0; col < grid.cols; ++col)
        rule.communities.community.push_back(col < 2 ? 0 : 1);
    rule.communities.count = 2;
    rule.map.label_of_community = {1, 2};
    rule.regions.resize(2);
    rule.regions[0].label = 1;
    rule.regions[1].label = 2;
  }
};

Look look_of(const std::vector<std::int32_t>& group_of_column) {
  Look look{{}, "a look"};
  for (int row = 0; row < 3; ++row)
    look.group_of_chip.insert(look.group_of_chip.end(), group_of_column.begin(),
                              group_of_column.end());
  return look;
}

TEST(Looks, ABorderIsInDoubtWhereMoreThanAThirdSeeOneRegion) {
  const Look parted = look_of({7, 7, 4, 4}), joined = look_of({5, 5, 5, 5});
  for (const auto& [looks, doubtful] : {std::pair{std::vector{parted, parted, joined}, false},
                                        {std::vector{parted, joined}, true},
                                        {std::vector{parted, joined, joined}, true},
                                        {std::vector{parted, parted}, false}}) {
    Halves image;
    Looks summary;
    Notes notes;
    judge_by_looks(image.rule, image.grid, looks, summary, notes);
    EXPECT_EQ(image.rule.doubtful_borders.size(), doubtful ? 1U : 0U) << looks.size();
    EXPECT_EQ(notes.size(), doubtful ? 1U : 0U);
    if (doubtful) {
      EXPECT_EQ(image.rule.doubtful_borders.front(), std::pair(1, 2));
    }
    EXPECT_EQ(summary.count, static_cast<int>(looks.size()));
  }
}

TEST(Looks, ConfidenceIsTheShareOfLooksWithTheRegion) {
  Halves image;
  Looks summary;
  Notes notes;
  // The third look moves the border by a column: 3 of 9 chips more, an IoU of 0.67 and 0.5.
  judge_by_looks(image.rule, image.grid,
                 {look_of({1, 1, 0, 0}), look_of({0, 0, 3, 3}), look_of({1, 1, 1, 0})}, summary,
                 notes);
  for (const Region& region : image.rule.regions)
    EXPECT_NEAR(region.confidence.value_or(0), 2.0 / 3, 1e-9);
  EXPECT_TRUE(image.rule.doubtful_borders.empty());
  EXPECT_NEAR(summary.agreement, (2 + 9.0 / 12) / 3, 1e-6);
}

TEST(Looks, AChipDoesNotAgreeWhereItsRegionIsJoinedToALargerOne) {
  Halves image;
  for (int row = 0; row < 3; ++row) image.rule.communities.community[4U * row + 1] = 1;
  Looks summary;
  Notes notes;
  judge_by_looks(image.rule, image.grid, {look_of({2, 2, 2, 2})}, summary, notes);
  EXPECT_EQ(image.rule.agreement[0], 0);
  EXPECT_EQ(image.rule.agreement[1], 1);
  EXPECT_NEAR(summary.agreement, 0.75, 1e-6);
}

}  // namespace
}  // namespace metamict
