// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/resolving.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "metamict/order.hpp"

namespace metamict {

namespace {

/// A part as chips see it: where its core is, and what it looks like there.
struct Candidate {
  Eigen::VectorXf direction;
  cv::Rect box;      ///< of the chips that choose among candidates
  cv::Mat distance;  ///< of every chip of the box from the core, in strides

  float away(const ChipGrid& grid, std::uint32_t node) const {
    return distance.at<float>(grid.row(node) - box.y, grid.col(node) - box.x);
  }
};

std::vector<Candidate> candidates_of(const ChipField& field, const Nodes& chips,
                                     const std::vector<Nodes>& parts) {
  cv::Rect box = field.box_of(chips);
  for (const Nodes& part : parts) box |= field.box_of(part);
  std::vector<Candidate> candidates;
  for (const Nodes& part : parts) {
    Candidate candidate{field.direction_of_cores(part), box, {}};
    const ChipPatch cores = field.cores_of(part);
    const cv::Rect both = cores.box & box;
    cv::Mat outside(box.size(), CV_8UC1, cv::Scalar(255));
    outside(both - box.tl()).setTo(0, cores.mask(both - cores.box.tl()));
    cv::distanceTransform(outside, candidate.distance, cv::DIST_C, cv::DIST_MASK_3);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

/// The candidate that a chip looks most like, of those within reach.
std::size_t most_alike(const ChipField& field, std::uint32_t node,
                       const std::vector<Candidate>& candidates) {
  float nearest = std::numeric_limits<float>::infinity();
  for (const Candidate& candidate : candidates)
    nearest = std::min(nearest, candidate.away(field.grid(), node));
  // A chip reaches half a chip beyond its centre on either side: a core farther off has no share in
  // it.
  const float reach =
      std::max(static_cast<float>(field.options().parts.reach_half_chips * field.half_chip()),
               nearest + static_cast<float>(field.half_chip()));
  std::size_t best = 0;
  float most = -2;  // less than any cosine
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    if (candidates[k].away(field.grid(), node) > reach) continue;
    const float alike = field.rows_ND().row(node).dot(candidates[k].direction);
    if (alike <= most) continue;
    most = alike;
    best = k;
  }
  return best;
}

double angle(const Eigen::VectorXf& a, const Eigen::VectorXf& b) {
  return std::acos(std::clamp(static_cast<double>(a.dot(b)), -1.0, 1.0));
}

/// Whether a part is a spot of three chips at most that has no lattice, in the midst of a part that
/// has one. A longer one without a core, or one between two others, may be a border.
bool is_pocket(const ChipField& field, std::size_t k, const std::vector<Nodes>& parts) {
  const int three_chips = 6 * field.half_chip();
  const cv::Size size = field.box_of(parts[k]).size();
  if (!field.knows_order() || !is_disordered(field.order_of(parts[k])) ||
      std::max(size.width, size.height) > three_chips)
    return false;
  const std::vector<std::size_t> around = field.neighbours_of(k, parts);
  return around.size() == 1 && is_ordered(field.order_of(parts[around[0]]));
}

}  // namespace

std::vector<Nodes> resolve(const ChipField& field, const Nodes& chips,
                           const std::vector<Nodes>& parts) {
  const std::vector<Candidate> candidates = candidates_of(field, chips, parts);
  std::vector<Nodes> resolved(parts.size());
  for (const std::uint32_t node : chips)
    resolved[most_alike(field, node, candidates)].push_back(node);
  std::erase_if(resolved, [](const Nodes& part) { return part.empty(); });
  return resolved;
}

std::vector<Nodes> regions_among(const ChipField& field, const Nodes& chips,
                                 const Communities& communities) {
  std::vector<Nodes> parts(static_cast<std::size_t>(communities.count));
  for (std::size_t i = 0; i < chips.size(); ++i)
    parts[static_cast<std::size_t>(communities.community[i])].push_back(chips[i]);
  std::vector<Nodes> kept;
  for (std::size_t k = 0; k < parts.size(); ++k)
    if (!field.is_splinter(parts[k]) && (field.has_core(parts[k]) || is_pocket(field, k, parts)))
      kept.push_back(parts[k]);
  parts = std::move(kept);
  if (parts.size() > 1) return resolve(field, chips, parts);
  if (parts.empty()) return {};
  // A small region in the midst of chips that lie across its border: these stay together for now.
  Nodes rest = without(chips, parts[0]);
  if (field.is_splinter(rest)) return {};
  parts.push_back(std::move(rest));
  return parts;
}

std::vector<Nodes> without_borders(const ChipField& field, const std::vector<Nodes>& parts) {
  std::vector<Eigen::VectorXf> directions;
  for (const Nodes& part : parts) directions.push_back(field.direction_of(field.core_or_all(part)));
  const auto is_border = [&](std::size_t k) {
    if (field.has_core(parts[k])) return false;
    const std::vector<std::size_t> neighbours = field.neighbours_of(k, parts);
    for (const std::size_t a : neighbours)
      for (const std::size_t b : neighbours) {
        const double detour =
            angle(directions[k], directions[a]) + angle(directions[k], directions[b]);
        const double direct = angle(directions[a], directions[b]);
        if (a < b && detour <= field.options().parts.longest_detour * direct) return true;
      }
    return false;
  };
  std::vector<Nodes> kept;
  for (std::size_t k = 0; k < parts.size(); ++k)
    if (!is_border(k)) kept.push_back(parts[k]);
  return kept.empty() ? parts : kept;  // four parts in a square would each lie between two others
}

}  // namespace metamict
