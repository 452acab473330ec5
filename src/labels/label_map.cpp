// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/label_map.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <string>

#include "metamict/errors.hpp"

namespace metamict {
namespace {

/// Pixels first..last - 1 of the input along one axis, which all lie under the chips front..back of
/// that axis.
struct Stretch {
  int first, last;
  int front, back;
};

/// One axis of the grid in pixels of the input: where the chips begin, and how long they are.
struct Axis {
  std::vector<double> starts;
  double length = 0;
  int pixels = 0;

  bool covers(int chip, int pixel) const {
    const double centre = pixel + 0.5, start = starts[static_cast<std::size_t>(chip)];
    return centre >= start && centre <= start + length;
  }
  /// A tent over the chip; never quite 0, so that a pixel on a chip's very edge still has a vote.
  double tent(int chip, int pixel) const {
    const double centre = starts[static_cast<std::size_t>(chip)] + length / 2;
    return std::max(1e-6, 1 - std::abs(pixel + 0.5 - centre) / (length / 2));
  }
  std::vector<Stretch> stretches() const;
};

std::vector<Stretch> Axis::stretches() const {
  std::vector<Stretch> result;
  int front = 0, back = 0;
  for (int pixel = 0; pixel < pixels; ++pixel) {
    while (front + 1 < static_cast<int>(starts.size()) && !covers(front, pixel)) ++front;
    back = std::max(front, back);
    while (back + 1 < static_cast<int>(starts.size()) && covers(back + 1, pixel)) ++back;
    if (result.empty() || result.back().front != front || result.back().back != back)
      result.push_back({pixel, pixel, front, back});
    result.back().last = pixel + 1;
  }
  return result;
}

/// One of the candidates of a patch: a community and the chips of the patch (row by row) that vote
/// for it.
struct Candidate {
  int voter;
  std::vector<double> by_chip;  ///< 1 where the chip votes for it
};

class Painter {
 public:
  Painter(const ChipGrid& grid, Vote vote, std::vector<int> voter_of_chip)
      : grid_(grid),
        vote_(vote),
        voter_of_chip_(std::move(voter_of_chip)),
        labels_(grid.input_size, CV_16U) {
    for (int row = 0; row < grid.rows; ++row)
      down_.starts.push_back(grid.chip_in_input(grid.node(row, 0)).y);
    for (int col = 0; col < grid.cols; ++col)
      across_.starts.push_back(grid.chip_in_input(grid.node(0, col)).x);
    const cv::Rect2d chip = grid.chip_in_input(0);
    down_.length = chip.height;
    across_.length = chip.width;
    down_.pixels = grid.input_size.height;
    across_.pixels = grid.input_size.width;
  }

  /// Votes everywhere: 0 where nobody votes, else the voter + 1.
  cv::Mat paint() {
    const std::vector<Stretch> across = across_.stretches();
    for (const Stretch& rows : down_.stretches())
      for (const Stretch& cols : across) paint_patch(rows, cols);
    return labels_;
  }

 private:
  void paint_patch(const Stretch& rows, const Stretch& cols) {
    std::vector<Candidate> candidates;
    const int width = cols.back - cols.front + 1;
    const auto chips =
        static_cast<std::size_t>(width) * static_cast<std::size_t>(rows.back - rows.front + 1);
    for (int row = rows.front; row <= rows.back; ++row)
      for (int col = cols.front; col <= cols.back; ++col) {
        const int voter = voter_of_chip_[grid_.node(row, col)];
        if (voter < 0) continue;
        auto found = std::find_if(candidates.begin(), candidates.end(),
                                  [&](const Candidate& c) { return c.voter == voter; });
        if (found == candidates.end())
          found = candidates.insert(candidates.end(), {voter, std::vector<double>(chips, 0.0)});
        found->by_chip[static_cast<std::size_t>((row - rows.front) * width + col - cols.front)] = 1;
      }
    const cv::Rect patch(cols.first, rows.first, cols.last - cols.first, rows.last - rows.first);
    if (candidates.size() <= 1) {
      labels_(patch).setTo(candidates.empty() ? 0 : candidates.front().voter + 1);
      return;
    }
    // Ties go to the larger community, which has the lower number and is looked at first.
    std::sort(candidates.begin(), candidates.end(),
              [](const Candidate& a, const Candidate& b) { return a.voter < b.voter; });
    vote_in(rows, cols, candidates);
  }

  void vote_in(const Stretch& rows, const Stretch& cols, const std::vector<Candidate>& candidates) {
    const int width = cols.back - cols.front + 1;
    std::vector<double> tents_x;  // of each pixel's chips, side by side
    for (int x = cols.first; x < cols.last; ++x)
      for (int col = cols.front; col <= cols.back; ++col)
        tents_x.push_back(weight(across_, col, x));
    const auto per_row = static_cast<std::size_t>(width);
    std::vector<double> column(per_row);
    std::vector<double> most(static_cast<std::size_t>(cols.last - cols.first));
    for (int y = rows.first; y < rows.last; ++y) {
      std::uint16_t* out = labels_.ptr<std::uint16_t>(y);
      std::fill(most.begin(), most.end(), 0.0);
      for (const Candidate& candidate : candidates) {
        std::fill(column.begin(), column.end(), 0.0);
        for (int row = rows.front; row <= rows.back; ++row)
          for (int col = 0; col < width; ++col)
            column[static_cast<std::size_t>(col)] +=
                weight(down_, row, y) *
                candidate.by_chip[static_cast<std::size_t>(row - rows.front) * per_row +
                                  static_cast<std::size_t>(col)];
        for (std::size_t x = 0; x < most.size(); ++x) {
          const double votes =
              std::inner_product(column.begin(), column.end(),
                                 tents_x.begin() + static_cast<std::ptrdiff_t>(x) * width, 0.0);
          if (votes <= most[x] * (1 + 1e-9))
            continue;  // sums of equal votes may differ by rounding
          most[x] = votes;
          out[cols.first + static_cast<int>(x)] = static_cast<std::uint16_t>(candidate.voter + 1);
        }
      }
    }
  }

  double weight(const Axis& axis, int chip, int pixel) const {
    return vote_ == Vote::uniform ? 1.0 : axis.tent(chip, pixel);
  }

  const ChipGrid& grid_;
  Vote vote_;
  std::vector<int> voter_of_chip_;
  cv::Mat labels_;
  Axis down_, across_;
};

/// Renumbers the painted voters by falling area, ties to the larger community.
LabelMap number_labels(cv::Mat painted, const std::vector<int>& community_of_voter,
                       int communities) {
  std::vector<std::uint64_t> areas(community_of_voter.size() + 1, 0);
  for (int y = 0; y < painted.rows; ++y)
    for (int x = 0; x < painted.cols; ++x) ++areas[painted.at<std::uint16_t>(y, x)];
  std::vector<std::size_t> order;
  for (std::size_t voter = 1; voter < areas.size(); ++voter)
    if (areas[voter] > 0) order.push_back(voter);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return areas[a] > areas[b]; });

  LabelMap map;
  map.labels = std::move(painted);
  map.community_of_label = {-1};
  map.label_of_community.assign(static_cast<std::size_t>(communities), 0);
  map.area_px = {areas[0]};
  std::vector<std::uint16_t> label_of_voter(areas.size(), 0);
  for (std::size_t voter : order) {
    const int community = community_of_voter[voter - 1];
    label_of_voter[voter] = static_cast<std::uint16_t>(map.area_px.size());
    map.label_of_community[static_cast<std::size_t>(community)] = label_of_voter[voter];
    map.community_of_label.push_back(community);
    map.area_px.push_back(areas[voter]);
  }
  for (int y = 0; y < map.labels.rows; ++y) {
    std::uint16_t* row = map.labels.ptr<std::uint16_t>(y);
    for (int x = 0; x < map.labels.cols; ++x) row[x] = label_of_voter[row[x]];
  }
  return map;
}

}  // namespace

void PaintOptions::check() const {
  if (min_chips < 1)
    throw UsageError("the least number of chips of a region is " + std::to_string(min_chips) +
                     ": give at least 1");
}

LabelMap paint(const ChipGrid& grid, const Communities& communities, const PaintOptions& options) {
  assert(communities.community.size() == grid.chips());
  std::vector<int> sizes(static_cast<std::size_t>(communities.count), 0);
  for (std::int32_t community : communities.community)
    if (community >= 0) ++sizes[static_cast<std::size_t>(community)];
  std::vector<int> voter_of_community(sizes.size(), -1), community_of_voter;
  for (std::size_t community = 0; community < sizes.size(); ++community)
    if (sizes[community] > 0 && sizes[community] >= options.min_chips) {
      voter_of_community[community] = static_cast<int>(community_of_voter.size());
      community_of_voter.push_back(static_cast<int>(community));
    }
  if (community_of_voter.size() > 65535)
    throw InputError("there are " + std::to_string(community_of_voter.size()) +
                     " communities but a label map holds at most 65535 labels: raise --min-chips "
                     "or lower the cut");
  std::vector<int> voter_of_chip;
  voter_of_chip.reserve(grid.chips());
  for (std::int32_t community : communities.community)
    voter_of_chip.push_back(
        community < 0 ? -1 : voter_of_community[static_cast<std::size_t>(community)]);
  return number_labels(Painter(grid, options.vote, std::move(voter_of_chip)).paint(),
                       community_of_voter, communities.count);
}

LabelMap renumbered(const LabelMap& map) {
  return number_labels(map.labels,
                       {map.community_of_label.begin() + 1, map.community_of_label.end()},
                       static_cast<int>(map.label_of_community.size()));
}

}  // namespace metamict
