// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/label_map.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "metamict/errors.hpp"

namespace metamict {

namespace {

/// Weights of one axis: which chips lie over each pixel, and how much each votes there.
struct Axis {
  struct Span {
    int first = 0;                  ///< first chip over the pixel
    std::vector<double> weights;    ///< of that chip and the following ones
  };
  std::vector<Span> pixels;
};

Axis weigh_axis(int pixels, int canonical, int chips, const ChipGrid& grid, Vote vote) {
  Axis axis;
  axis.pixels.resize(static_cast<std::size_t>(pixels));
  const double scale = static_cast<double>(canonical) / pixels, half = grid.size_px / 2.0;
  const auto start = [&](int chip) { return std::min(chip * grid.stride_px, canonical - grid.size_px); };
  int first = 0;
  for (int i = 0; i < pixels; ++i) {
    const double at = (i + 0.5) * scale;
    while (start(first) + grid.size_px <= at && first + 1 < chips) ++first;
    Axis::Span& span = axis.pixels[static_cast<std::size_t>(i)];
    span.first = first;
    for (int chip = first; chip < chips && start(chip) <= at; ++chip)
      span.weights.push_back(vote == Vote::uniform ? 1.0 : std::max(0.0, 1.0 - std::abs(at - start(chip) - half) / half));
  }
  return axis;
}

/// The community with the largest vote; among equals (to rounding) the larger one, which has the lower number.
class Ballot {
 public:
  explicit Ballot(std::size_t communities) : votes_(communities, 0.0) {}
  void add(std::int32_t community, double weight) {
    double& votes = votes_[static_cast<std::size_t>(community)];
    if (votes == 0) voted_.push_back(community);
    votes += weight;
  }
  std::int32_t winner_and_clear() {
    std::int32_t best = -1;
    double most = 0;
    for (const std::int32_t community : voted_) {
      const double votes = votes_[static_cast<std::size_t>(community)];
      const double margin = 1e-9 * most;
      if (votes > most + margin || (votes >= most - margin && community < best)) best = community, most = std::max(most, votes);
      votes_[static_cast<std::size_t>(community)] = 0;
    }
    voted_.clear();
    return best;
  }

 private:
  std::vector<double> votes_;
  std::vector<std::int32_t> voted_;
};

/// Winner of every pixel, -1 where no community large enough has a chip. Votes of one column of chips are summed down the
/// rows first, so that a pixel looks at few terms however fine the stride.
cv::Mat vote(const ChipGrid& grid, const Communities& communities, const std::vector<char>& votes, Vote kind) {
  const Axis across = weigh_axis(grid.input_size.width, grid.image_size.width, grid.cols, grid, kind);
  const Axis down = weigh_axis(grid.input_size.height, grid.image_size.height, grid.rows, grid, kind);
  cv::Mat winners(grid.input_size, CV_32SC1);
  Ballot ballot(static_cast<std::size_t>(communities.count));
  std::vector<std::vector<std::pair<std::int32_t, double>>> columns(static_cast<std::size_t>(grid.cols));
  for (int y = 0; y < winners.rows; ++y) {
    const Axis::Span& rows = down.pixels[static_cast<std::size_t>(y)];
    for (int col = 0; col < grid.cols; ++col) {
      auto& sums = columns[static_cast<std::size_t>(col)];
      sums.clear();
      for (std::size_t r = 0; r < rows.weights.size(); ++r) {
        const std::int32_t community = communities.community[grid.node(rows.first + static_cast<int>(r), col)];
        if (!votes[static_cast<std::size_t>(community)] || rows.weights[r] == 0) continue;
        const auto known = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == community; });
        if (known == sums.end()) sums.emplace_back(community, rows.weights[r]);
        else known->second += rows.weights[r];
      }
    }
    auto* winner = winners.ptr<std::int32_t>(y);
    for (int x = 0; x < winners.cols; ++x) {
      const Axis::Span& cols = across.pixels[static_cast<std::size_t>(x)];
      for (std::size_t c = 0; c < cols.weights.size(); ++c)
        for (const auto& [community, weight] : columns[static_cast<std::size_t>(cols.first) + c])
          if (const double product = weight * cols.weights[c]; product > 0) ballot.add(community, product);
      winner[x] = ballot.winner_and_clear();
    }
  }
  return winners;
}

}  // namespace

LabelMap paint(const ChipGrid& grid, const Communities& communities, const PaintOptions& options) {
  const auto count = static_cast<std::size_t>(communities.count);
  std::vector<std::size_t> chips(count, 0);
  for (const std::int32_t community : communities.community) ++chips[static_cast<std::size_t>(community)];
  std::vector<char> votes(count);
  for (std::size_t c = 0; c < count; ++c) votes[c] = chips[c] >= static_cast<std::size_t>(options.min_chips);
  const cv::Mat winners = vote(grid, communities, votes, options.vote);

  std::vector<std::uint64_t> area(count, 0);
  for (int y = 0; y < winners.rows; ++y)
    for (int x = 0; x < winners.cols; ++x)
      if (const std::int32_t winner = winners.at<std::int32_t>(y, x); winner >= 0) ++area[static_cast<std::size_t>(winner)];
  std::vector<int> by_area;
  for (std::size_t c = 0; c < count; ++c)
    if (area[c] > 0) by_area.push_back(static_cast<int>(c));
  std::stable_sort(by_area.begin(), by_area.end(), [&](int a, int b) { return area[static_cast<std::size_t>(a)] > area[static_cast<std::size_t>(b)]; });
  if (by_area.size() > 65535)
    throw InputError(std::to_string(by_area.size()) + " regions are more than a 16-bit label map holds: give a larger --min-chips or a lower cut");

  LabelMap map;
  map.labels = cv::Mat::zeros(grid.input_size, CV_16UC1);
  map.community_of_label = {-1};
  map.label_of_community.assign(count, 0);
  map.area_px = {0};
  for (const int community : by_area) {
    map.label_of_community[static_cast<std::size_t>(community)] = static_cast<int>(map.community_of_label.size());
    map.community_of_label.push_back(community);
    map.area_px.push_back(area[static_cast<std::size_t>(community)]);
  }
  for (int y = 0; y < winners.rows; ++y)
    for (int x = 0; x < winners.cols; ++x)
      if (const std::int32_t winner = winners.at<std::int32_t>(y, x); winner >= 0)
        map.labels.at<std::uint16_t>(y, x) = static_cast<std::uint16_t>(map.label_of_community[static_cast<std::size_t>(winner)]);
      else
        ++map.area_px[0];
  return map;
}

}  // namespace metamict
