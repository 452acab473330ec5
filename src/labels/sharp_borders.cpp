// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/sharp_borders.hpp"

#include <algorithm>
#include <map>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "labels/border.hpp"
#include "labels/faded_border.hpp"
#include "labels/two_sides.hpp"

namespace metamict {

namespace {

/// The points where two labels touch, by pair.
using Contacts = std::map<std::pair<int, int>, std::vector<cv::Point>>;

/// Of the working image; contacts shorter than a period are none.
Contacts find_contacts(const cv::Mat& labels) {
  Contacts contacts;
  const auto meet = [&](cv::Point at, cv::Point other) {
    const int a = labels.at<std::uint16_t>(at), b = labels.at<std::uint16_t>(other);
    if (a != b && a != 0 && b != 0) contacts[std::minmax(a, b)].push_back(at);
  };
  for (int y = 0; y < labels.rows; ++y)
    for (int x = 0; x < labels.cols; ++x) {
      if (x + 1 < labels.cols) meet({x, y}, {x + 1, y});
      if (y + 1 < labels.rows) meet({x, y}, {x, y + 1});
    }
  std::erase_if(contacts, [](const auto& item) {
    return static_cast<double>(item.second.size()) < border_period_px;
  });
  return contacts;
}

SharpBorders draw_all(const cv::Mat& grey, const std::vector<ReciprocalLattice>& lattices,
                      const std::vector<bool>& ordered, cv::Mat& labels, int threads,
                      const BorderOptions& options) {
  cv::Mat working_labels;
  cv::resize(labels, working_labels, grey.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  const Contacts contacts = find_contacts(working_labels);
  std::vector<const Contacts::value_type*> pairs;
  for (const auto& item : contacts) pairs.push_back(&item);
  std::vector<std::optional<Border>> borders(pairs.size());
  std::vector<char> unseen(pairs.size(), 0);
  parallel_for(pairs.size(), threads, [&](std::size_t, std::size_t k) {
    const auto& [pair, contact] = *pairs[k];
    const auto [a, b] = pair;
    const bool a_ordered = ordered[static_cast<std::size_t>(a)],
               b_ordered = ordered[static_cast<std::size_t>(b)];
    if (a_ordered != b_ordered)
      borders[k] = faded_border(grey, working_labels, a_ordered ? a : b, a_ordered ? b : a,
                                lattices, border_period_px, options.faded);
    if (borders[k]) return;
    TwoSides found = look_at_two_sides(grey, working_labels, pair, contact, options);
    unseen[k] = a_ordered == b_ordered && found.separation &&
                *found.separation < options.drawing.unseen_separation;
    borders[k] = std::move(found.border);
  });
  SharpBorders result;
  cv::Mat bands = cv::Mat::zeros(labels.size(), CV_8UC1);
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const std::optional<Border>& border = borders[k];
    if (unseen[k]) result.unseen.push_back(pairs[k]->first);
    if (border) draw_border(*border, grey.size(), labels, bands);
    if (border && border->faded) ++result.faded;
    ++(border ? result.moved : result.left);
  }
  if (result.moved > 0) join_fragments(labels, bands);
  return result;
}

}  // namespace

SharpBorders sharpen_borders(const Micrograph& canonical, const ChipGrid& grid,
                             const std::vector<bool>& ordered, cv::Mat& labels, int threads,
                             const BorderOptions& options) {
  constexpr int periods_per_chip = 4;  // at the usual chip
  const double scale = periods_per_chip * border_period_px / grid.size_px;
  cv::Mat grey;
  cv::resize(canonical.pixels, grey, {}, scale, scale,
             scale < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  std::vector<ReciprocalLattice> lattices;
  const auto any = [&](bool wanted) {
    return std::find(ordered.begin() + 1, ordered.end(), wanted) != ordered.end();
  };
  if (any(true) && any(false))
    lattices = find_lattices(grey, {.threads = threads}, options.drawing.most_lattices);
  SharpBorders result;
  for (int round = 0; round < options.drawing.rounds; ++round)
    result = draw_all(grey, lattices, ordered, labels, threads, options);
  return result;
}

}  // namespace metamict
