// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/sharp_borders.hpp"

#include <algorithm>
#include <map>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "base/progress_parts.hpp"
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

/// Part of the working image with its surroundings. A border is drawn part by part, so that what it
/// learns from lies near it and costs the same in an image of any size. An image whose graph is
/// exact is nearly always one part.
struct Part {
  cv::Rect cell, window;
};

std::vector<Part> parts_of(cv::Size size) {
  constexpr int edge_px = 1024, margin_px = 256;  // 128 periods and 32
  const auto along = [](int length) {
    return std::max(1, cvRound(static_cast<double>(length) / edge_px));
  };
  const int rows = along(size.height), cols = along(size.width);
  std::vector<Part> parts;
  for (int row = 0; row < rows; ++row)
    for (int col = 0; col < cols; ++col) {
      const cv::Point from(size.width * col / cols, size.height * row / rows),
          to(size.width * (col + 1) / cols, size.height * (row + 1) / rows);
      parts.push_back({{from, to}, grown({from, to}, margin_px, size)});
    }
  return parts;
}

/// What is drawn at once: the contact of two regions inside one part.
struct Piece {
  std::pair<int, int> pair;
  cv::Rect window;
  std::vector<cv::Point> contact;  ///< in the window
};

std::vector<Piece> pieces_of(const Contacts& contacts, cv::Size size) {
  std::vector<Piece> pieces;
  const std::vector<Part> parts = parts_of(size);
  for (const auto& [pair, contact] : contacts)
    for (const Part& part : parts) {
      Piece piece{pair, part.window, {}};
      for (const cv::Point at : contact)
        if (part.cell.contains(at)) piece.contact.push_back(at - part.window.tl());
      if (static_cast<double>(piece.contact.size()) >= border_period_px)
        pieces.push_back(std::move(piece));
    }
  return pieces;
}

/// What the pixels say of one piece.
TwoSides look_at(const Piece& piece, const cv::Mat& whole_grey, const cv::Mat& whole_labels,
                 const std::vector<ReciprocalLattice>& lattices, const std::vector<bool>& ordered,
                 const BorderOptions& options) {
  const cv::Mat grey = whole_grey(piece.window), labels = whole_labels(piece.window);
  const auto [a, b] = piece.pair;
  const bool a_ordered = ordered[static_cast<std::size_t>(a)],
             b_ordered = ordered[static_cast<std::size_t>(b)];
  TwoSides found;
  if (a_ordered != b_ordered)
    found.border = faded_border(grey, labels, a_ordered ? a : b, a_ordered ? b : a, lattices,
                                border_period_px, options.faded);
  if (!found.border) found = look_at_two_sides(grey, labels, piece.pair, piece.contact, options);
  if (found.border) found.border->box += piece.window.tl();
  return found;
}

/// What is known of the border of two regions from all of its pieces.
struct Seen {
  bool is_moved = false, is_faded = false;
  std::optional<double> separation;
};

SharpBorders draw_all(const cv::Mat& grey, const std::vector<ReciprocalLattice>& lattices,
                      const std::vector<bool>& ordered, cv::Mat& labels, int threads,
                      const BorderOptions& options, const Progress& progress) {
  cv::Mat working_labels;
  cv::resize(labels, working_labels, grey.size(), 0, 0, cv::INTER_NEAREST_EXACT);
  const Contacts contacts = find_contacts(working_labels);
  std::map<std::pair<int, int>, Seen> seen;
  for (const auto& [pair, contact] : contacts) seen[pair];
  const std::vector<Piece> pieces = pieces_of(contacts, grey.size());
  std::vector<TwoSides> found(pieces.size());
  SharesDone shares(pieces.size());
  parallel_for(pieces.size(), threads, [&](std::size_t, std::size_t k) {
    found[k] = look_at(pieces[k], grey, working_labels, lattices, ordered, options);
    shares.tell(k, 1, "paint", progress);
  });
  cv::Mat bands = cv::Mat::zeros(labels.size(), CV_8UC1);
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    Seen& of_pair = seen[pieces[k].pair];
    if (const auto& separation = found[k].separation)
      of_pair.separation = std::max(of_pair.separation.value_or(0), *separation);
    if (!found[k].border) continue;
    draw_border(*found[k].border, grey.size(), labels, bands);
    of_pair.is_moved = true;
    of_pair.is_faded |= found[k].border->faded;
  }
  SharpBorders result;
  for (const auto& [pair, of_pair] : seen) {
    ++(of_pair.is_moved ? result.moved : result.left);
    if (of_pair.is_faded) ++result.faded;
    const auto is_ordered = [&](int label) { return ordered[static_cast<std::size_t>(label)]; };
    if (is_ordered(pair.first) == is_ordered(pair.second) && of_pair.separation &&
        *of_pair.separation < options.drawing.unseen_separation)
      result.unseen.push_back(pair);
  }
  if (result.moved > 0) join_fragments(labels, bands);
  return result;
}

}  // namespace

SharpBorders sharpen_borders(const Micrograph& canonical, const ChipGrid& grid,
                             const std::vector<bool>& ordered, cv::Mat& labels, int threads,
                             const BorderOptions& options, const Progress& progress) {
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
  const auto share_of = [&](int round) {
    return static_cast<double>(round) / options.drawing.rounds;
  };
  SharpBorders result;
  for (int round = 0; round < options.drawing.rounds; ++round)
    result = draw_all(grey, lattices, ordered, labels, threads, options,
                      part_of(progress, share_of(round), share_of(round + 1)));
  return result;
}

}  // namespace metamict
