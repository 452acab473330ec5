// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/composition_cut.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "metamict/order.hpp"
#include "rules/joining.hpp"
#include "rules/splitting.hpp"

namespace metamict {

namespace {

const std::vector<float> no_order;

Nodes known_of(const Nodes& chips, const Composition& composition) {
  Nodes known;
  std::copy_if(chips.begin(), chips.end(), std::back_inserter(known),
               [&](std::uint32_t chip) { return composition.is_known[chip]; });
  return known;
}

/// The chips by their composition; jumps are measured in the widest difference of the image.
ChipField field_of(const Scene& scene, const Composition& composition, NestedOptions nested) {
  nested.jump = nested.composition.jump;
  const auto with_range = [&](double range) {
    return ChipField(scene.grid, composition.rows_NE, no_order, range, nested, composition.noise);
  };
  const Nodes known = known_of(scene.chips, composition);
  const std::vector<float> values = with_range(1).sample(known, known);
  return with_range(values.empty() ? 1.0 : *std::max_element(values.begin(), values.end()));
}

/// Gives each of some chips to the part whose chips are nearest.
void give_to_nearest(const Nodes& chips, const ChipGrid& grid, std::vector<Nodes>& parts) {
  std::vector<cv::Mat> away;
  for (const Nodes& part : parts) {
    away.emplace_back();
    cv::distanceTransform(mask_over(grid, part) == 0, away.back(), cv::DIST_L2, cv::DIST_MASK_3);
  }
  for (const std::uint32_t chip : chips) {
    const auto nearest =
        std::min_element(away.begin(), away.end(), [&](const cv::Mat& a, const cv::Mat& b) {
          return a.at<float>(grid.row(chip), grid.col(chip)) <
                 b.at<float>(grid.row(chip), grid.col(chip));
        });
    parts[static_cast<std::size_t>(nearest - away.begin())].push_back(chip);
  }
  for (Nodes& part : parts) std::sort(part.begin(), part.end());
}

/// Gives each chip to the part whose composition it has most, wherever that lies: unlike a look, a
/// composition is not mistaken for another one far away.
std::vector<Nodes> by_likeness(const ChipField& field, const Nodes& chips,
                               const std::vector<Nodes>& parts) {
  RowMatrixXf directions(static_cast<Eigen::Index>(parts.size()), field.rows_ND().cols());
  for (std::size_t k = 0; k < parts.size(); ++k)
    directions.row(static_cast<Eigen::Index>(k)) =
        field.direction_of(field.core_or_all(parts[k])).transpose();
  std::vector<Nodes> found(parts.size());
  for (const std::uint32_t chip : chips) {
    Eigen::Index best = 0;
    (directions * field.rows_ND().row(chip).transpose()).maxCoeff(&best);
    found[static_cast<std::size_t>(best)].push_back(chip);
  }
  std::erase_if(found, [](const Nodes& part) { return part.empty(); });
  return found;
}

}  // namespace

std::vector<Nodes> parts_by_composition(const Scene& scene, const Composition& composition,
                                        const CommunityOptions& options,
                                        const NestedOptions& nested, const Resources& resources,
                                        const Progress& progress, Communities& communities) {
  const Nodes known = known_of(scene.chips, composition);
  if (composition.reliability <= 0 || known.empty()) return {scene.chips};
  const ChipField field = field_of(scene, composition, nested);
  const auto compare_compositions = [&](const Nodes& chips) {
    Embeddings some;
    some.rows_ND = composition.rows_NE(chips, Eigen::all);
    return compare(some, {SimilarityScale::minmax}, resources);
  };
  Splitter splitter(field, compare_compositions, options, resources, progress, communities, scene);
  std::vector<Nodes> parts = join_alike(field, splitter.split(known));
  std::erase_if(parts, [&](const Nodes& part) { return !field.has_core(part); });
  if (parts.size() < 2) return {scene.chips};
  parts = by_likeness(field, known, parts);
  give_to_nearest(without(scene.chips, known), scene.grid, parts);
  return parts;
}

std::vector<Nodes> cut_by_composition(const std::vector<Nodes>& regions,
                                      const std::vector<Nodes>& parts, const ChipGrid& grid,
                                      const NestedOptions& nested) {
  const RowMatrixXf no_rows(static_cast<Eigen::Index>(grid.chips()), 0);
  const ChipField field(grid, no_rows, no_order, 1, nested);
  std::vector<Nodes> pieces;
  for (const Nodes& region : regions) {
    std::vector<Nodes> within;
    Nodes given;
    for (const Nodes& part : parts) {
      Nodes both = shared(region, part);
      if (!field.has_core(both) && 2 * both.size() < part.size()) continue;
      given = joined(given, both);
      within.push_back(std::move(both));
    }
    if (within.size() < 2) {
      pieces.push_back(region);
      continue;
    }
    give_to_nearest(without(region, given), grid, within);
    std::move(within.begin(), within.end(), std::back_inserter(pieces));
  }
  return pieces;
}

std::size_t part_of(const Nodes& chips, const std::vector<Nodes>& parts) {
  std::size_t best = 0, most = 0;
  for (std::size_t k = 0; k < parts.size(); ++k)
    if (const std::size_t here = shared(chips, parts[k]).size(); here > most) {
      most = here;
      best = k;
    }
  return best;
}

std::vector<Nodes> join_one_material(std::vector<Nodes> regions, const std::vector<Nodes>& parts,
                                     const Scene& scene, const Composition& composition,
                                     const ChipField* lattice, const NestedOptions& nested) {
  if (composition.reliability < nested.composition.least_reliability) return regions;
  const ChipField field(scene.grid, composition.rows_NE, scene.order, 1, nested);
  const auto is_known = [&](const Nodes& region) {
    return 2 * known_of(region, composition).size() > region.size();
  };
  const auto is_one_material = [&](const Nodes& a, const Nodes& b) {
    if (!is_known(a) || !is_known(b) || part_of(a, parts) != part_of(b, parts)) return false;
    const double order_a = field.order_of(a), order_b = field.order_of(b);
    if (is_ordered(order_a) != is_ordered(order_b)) return false;
    if (clarity_of_order(nested.order, std::min(order_a, order_b), std::max(order_a, order_b)) >= 1)
      return false;
    return !is_ordered(order_a) || lattice == nullptr || clarity_across(*lattice, a, b) < 1;
  };
  const auto next = [&]() -> std::optional<std::pair<std::size_t, std::size_t>> {
    for (std::size_t a = 0; a < regions.size(); ++a)
      for (const std::size_t b : field.neighbours_of(a, regions))
        if (a < b && is_one_material(regions[a], regions[b])) return std::pair(a, b);
    return {};
  };
  while (const auto pair = next()) {
    regions[pair->first] = joined(regions[pair->first], regions[pair->second]);
    regions.erase(regions.begin() + static_cast<std::ptrdiff_t>(pair->second));
  }
  return regions;
}

}  // namespace metamict
