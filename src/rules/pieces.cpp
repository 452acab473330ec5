// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/pieces.hpp"

#include <algorithm>
#include <utility>

#include "rules/joining.hpp"

namespace metamict {

namespace {

std::vector<Nodes> largest_first(std::vector<Nodes> pieces) {
  std::sort(pieces.begin(), pieces.end(),
            [](const Nodes& a, const Nodes& b) { return a.size() > b.size(); });
  return pieces;
}

}  // namespace

std::vector<Nodes> unlike_pieces(const ChipField& field, const Nodes& part) {
  const double least_apart = field.options().jump.least_apart * field.range();
  std::vector<Nodes> kinds;
  std::vector<Eigen::VectorXf> directions;
  for (const Nodes& piece : largest_first(field.pieces(part))) {
    const Eigen::VectorXf direction = field.direction_of_cores(piece);
    const auto unlike = [&](const Eigen::VectorXf& kind) { return 1 - direction.dot(kind); };
    const auto nearest = std::min_element(directions.begin(), directions.end(),
                                          [&](const Eigen::VectorXf& a, const Eigen::VectorXf& b) {
                                            return direction.dot(a) > direction.dot(b);
                                          });
    if (kinds.empty() || (!field.is_splinter(piece) && unlike(*nearest) >= least_apart)) {
      kinds.push_back(piece);
      directions.push_back(direction);
    } else {
      Nodes& kind = kinds[static_cast<std::size_t>(nearest - directions.begin())];
      kind = joined(kind, piece);
    }
  }
  return kinds;
}

std::vector<Nodes> without_stray_pieces(const ChipField& field, std::vector<Nodes> regions) {
  for (std::size_t k = 0; k < regions.size(); ++k) {
    const std::vector<Nodes> pieces = largest_first(field.pieces(regions[k]));
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      std::vector<Nodes> parts = regions;
      parts[k] = pieces[i];
      const std::vector<std::size_t> around = field.neighbours_of(k, parts);
      if (around.size() != 1 || clarity_across(field, pieces[i], regions[around[0]]) >= 1) continue;
      regions[k] = without(regions[k], pieces[i]);
      regions[around[0]] = joined(regions[around[0]], pieces[i]);
    }
  }
  return regions;
}

}  // namespace metamict
