// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/label_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "metamict/errors.hpp"

namespace metamict::test {
namespace {

Communities communities_of(std::vector<std::int32_t> community) {
  Communities result;
  result.count = 1 + *std::max_element(community.begin(), community.end());
  result.community = std::move(community);
  return result;
}

/// Renumbers by falling size, as find_communities does.
void number_by_size(std::vector<std::int32_t>& community) {
  std::vector<std::pair<int, std::int32_t>> sizes;
  for (std::int32_t c = 0; c <= *std::max_element(community.begin(), community.end()); ++c)
    if (const auto size = std::count(community.begin(), community.end(), c); size > 0)
      sizes.push_back({-static_cast<int>(size), c});
  std::sort(sizes.begin(), sizes.end());
  std::vector<std::int32_t> place(10, 0);
  for (std::size_t i = 0; i < sizes.size(); ++i)
    place[static_cast<std::size_t>(sizes[i].second)] = static_cast<std::int32_t>(i);
  for (auto& c : community) c = place[static_cast<std::size_t>(c)];
}

/// Every community's votes at a pixel, chip by chip; nothing shared with the library but the places
/// of the chips.
std::vector<double> votes_at(const ChipGrid& grid, const Communities& communities, Vote vote, int x,
                             int y) {
  std::vector<double> votes(static_cast<std::size_t>(communities.count), 0.0);
  for (std::size_t node = 0; node < grid.chips(); ++node) {
    const cv::Rect2d chip = grid.chip_in_input(node);
    const double dx = std::abs(x + 0.5 - chip.x - chip.width / 2) / (chip.width / 2);
    const double dy = std::abs(y + 0.5 - chip.y - chip.height / 2) / (chip.height / 2);
    if (dx > 1 || dy > 1) continue;
    votes[static_cast<std::size_t>(communities.community[node])] +=
        vote == Vote::uniform ? 1 : (1 - dx) * (1 - dy);
  }
  return votes;
}

/// Random partitions over random grids: blocks of chips, so that there are borders as well as
/// insides.
struct Scene {
  ChipGrid grid;
  Communities communities;
};

Scene random_scene(std::mt19937& random) {
  const int size = 4 + static_cast<int>(random() % 12),
            stride = 1 + static_cast<int>(random() % size);
  const cv::Size image(size + 1 + static_cast<int>(random() % 40),
                       size + static_cast<int>(random() % 40));
  const double scale = 0.5 + static_cast<double>(random() % 1000) / 500;
  const cv::Size input(std::max(1, static_cast<int>(image.width * scale)),
                       std::max(1, static_cast<int>(image.height * scale)));
  Scene scene{lay_grid(image, input, size, stride), {}};
  std::vector<std::int32_t> community;
  const int block = 1 + static_cast<int>(random() % 4);
  for (std::size_t node = 0; node < scene.grid.chips(); ++node)
    community.push_back((scene.grid.row(node) / block * 7 + scene.grid.col(node) / block * 3) % 5);
  number_by_size(community);
  scene.communities = communities_of(community);
  return scene;
}

TEST(Paint, EachPixelTakesALargestVoteAndTiesGoToTheLargerCommunity) {
  std::mt19937 random(11);
  for (int trial = 0; trial < 16; ++trial) {
    const Scene scene = random_scene(random);
    const Vote vote = trial % 2 == 0 ? Vote::tent : Vote::uniform;
    const LabelMap map = paint(scene.grid, scene.communities, {.vote = vote, .min_chips = 1});
    ASSERT_EQ(map.labels.size(), scene.grid.input_size);
    for (int y = 0; y < map.labels.rows; ++y)
      for (int x = 0; x < map.labels.cols; ++x) {
        const std::vector<double> votes = votes_at(scene.grid, scene.communities, vote, x, y);
        const double most = *std::max_element(votes.begin(), votes.end());
        const int got = map.community_of_label[map.labels.at<std::uint16_t>(y, x)];
        ASSERT_GE(got, 0);
        ASSERT_NEAR(votes[static_cast<std::size_t>(got)], most, 1e-4);  // the tent's floor
        if (vote == Vote::uniform) {
          ASSERT_EQ(got, std::distance(votes.begin(), std::max_element(votes.begin(), votes.end())))
              << x << " " << y;
        }
      }
  }
}

TEST(Paint, LabelsFallInAreaAndAgreeWithTheirTables) {
  std::mt19937 random(12);
  for (int trial = 0; trial < 10; ++trial) {
    const Scene scene = random_scene(random);
    const LabelMap map = paint(scene.grid, scene.communities, {.min_chips = 1});
    std::vector<std::uint64_t> counted(map.area_px.size(), 0);
    for (auto label : cv::Mat_<std::uint16_t>(map.labels)) ++counted.at(label);
    ASSERT_EQ(counted, map.area_px);
    ASSERT_EQ(map.community_of_label.size(), map.area_px.size());
    ASSERT_EQ(map.community_of_label[0], -1);
    for (std::size_t label = 1; label < map.area_px.size(); ++label) {
      ASSERT_GT(map.area_px[label], 0U);
      if (label > 1) {
        ASSERT_TRUE(map.area_px[label - 1] > map.area_px[label] ||
                    (map.area_px[label - 1] == map.area_px[label] &&
                     map.community_of_label[label - 1] < map.community_of_label[label]));
      }
      ASSERT_EQ(map.label_of_community[static_cast<std::size_t>(map.community_of_label[label])],
                static_cast<int>(label));
    }
  }
}

TEST(Paint, OneCommunityFillsTheImage) {
  const ChipGrid grid = lay_grid({100, 80}, {37, 31}, 16, 16);
  const LabelMap map = paint(grid, communities_of(std::vector<std::int32_t>(grid.chips(), 0)));
  EXPECT_EQ(cv::countNonZero(map.labels == 1), 37 * 31);
  EXPECT_THAT(map.area_px, testing::ElementsAre(0, 37 * 31));
}

TEST(Paint, SmallCommunitiesDoNotVote) {
  // Four chips side by side without overlap: the last one is alone.
  const ChipGrid grid = lay_grid({40, 10}, {40, 10}, 10, 10);
  const LabelMap map = paint(grid, communities_of({0, 0, 0, 1}), {.min_chips = 2});
  EXPECT_EQ(cv::countNonZero(map.labels.colRange(0, 30) == 1), 300);
  EXPECT_EQ(cv::countNonZero(map.labels.colRange(30, 40)), 0);
  EXPECT_THAT(map.label_of_community, testing::ElementsAre(1, 0));
  EXPECT_THAT(map.area_px, testing::ElementsAre(100, 300));
}

TEST(Paint, TheBorderLiesWhereTheTentsMeet) {
  // Chips at 0, 4, 8, 12, 16 of 8 px; the change from chip 1 (centre 8) to chip 2 (centre 12) is
  // midway, at 10.
  const ChipGrid grid = lay_grid({24, 8}, {24, 8}, 8, 4);
  const LabelMap map = paint(grid, communities_of({0, 0, 1, 1, 1}), {.min_chips = 1});
  for (int x = 0; x < 24; ++x)
    EXPECT_EQ(map.community_of_label[map.labels.at<std::uint16_t>(3, x)], x < 10 ? 0 : 1) << x;
}

TEST(Paint, TooManyLabelsAreRefused) {
  const ChipGrid grid = lay_grid({65600, 1}, {65600, 1}, 1, 1);
  std::vector<std::int32_t> community(grid.chips());
  for (std::size_t node = 0; node < community.size(); ++node)
    community[node] = static_cast<std::int32_t>(node);
  EXPECT_THROW(paint(grid, communities_of(community), {.min_chips = 1}), InputError);
  EXPECT_NO_THROW(paint(grid, communities_of(community), {.min_chips = 2}));
}

}  // namespace
}  // namespace metamict::test
