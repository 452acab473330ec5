// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/nested_rule.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/progress_parts.hpp"
#include "metamict/order.hpp"
#include "rules/chip_field.hpp"
#include "rules/composition_cut.hpp"
#include "rules/grey_phases.hpp"
#include "rules/grey_step.hpp"
#include "rules/joining.hpp"
#include "rules/patches.hpp"
#include "rules/pieces.hpp"
#include "rules/resolving.hpp"
#include "rules/splitting.hpp"

namespace metamict {

namespace {

/// Cuts each region by a way of cutting; an empty answer leaves it whole.
template <typename Cut>
std::vector<Nodes> cut_each(const std::vector<Nodes>& regions, const Cut& cut) {
  std::vector<Nodes> pieces;
  for (const Nodes& region : regions) {
    std::vector<Nodes> found = cut(region);
    if (found.empty()) found.push_back(region);
    std::move(found.begin(), found.end(), std::back_inserter(pieces));
  }
  return pieces;
}

/// Whether two layers are nearly the two regions that are there already.
bool are_the_same(const std::vector<Nodes>& layers, const std::vector<Nodes>& present,
                  std::size_t chips, double same_share) {
  if (layers.size() != 2 || present.size() != 2) return false;
  const std::size_t straight =
      shared(layers[0], present[0]).size() + shared(layers[1], present[1]).size();
  const std::size_t crossed =
      shared(layers[0], present[1]).size() + shared(layers[1], present[0]).size();
  return static_cast<double>(std::max(straight, crossed)) >=
         same_share * static_cast<double>(chips);
}

/// The layers of what hangs together without a lattice, where it is one region by its looks, or two
/// that are not the layers already. Empty where it stays as it is.
std::vector<Nodes> layers_of(const Nodes& whole, const std::vector<Nodes>& regions,
                             const GreyPhases& phases, const LayerOptions& options) {
  std::vector<Nodes> present;
  for (const Nodes& region : regions) {
    Nodes here = shared(region, whole);
    const double share = static_cast<double>(here.size()) / static_cast<double>(whole.size());
    if (share >= options.present_share) present.push_back(std::move(here));
  }
  if (present.size() > 2) return {};
  std::vector<Nodes> layers = phases.parts(whole);
  if (layers.size() < 2 || are_the_same(layers, present, whole.size(), options.same_share))
    return {};
  return layers;
}

/// Cuts what has no lattice into layers, where its grey tells them apart.
std::vector<Nodes> cut_into_layers(std::vector<Nodes> regions, const ChipField& looks,
                                   const GreyPhases& phases) {
  Nodes disordered;
  for (const Nodes& region : regions)
    if (!is_ordered(looks.order_of(region))) disordered = joined(disordered, region);
  for (const Nodes& whole : looks.pieces(disordered)) {
    std::vector<Nodes> layers = layers_of(whole, regions, phases, looks.options().layers);
    if (layers.empty()) continue;
    for (Nodes& region : regions) region = without(region, whole);
    std::erase_if(regions, [](const Nodes& region) { return region.empty(); });
    std::move(layers.begin(), layers.end(), std::back_inserter(regions));
  }
  return regions;
}

/// Cuts regions without a lattice into pieces that look unlike.
std::vector<Nodes> cut_into_pieces(const std::vector<Nodes>& regions, const ChipField& looks) {
  return cut_each(regions, [&](const Nodes& region) {
    return is_ordered(looks.order_of(region)) ? std::vector<Nodes>{} : unlike_pieces(looks, region);
  });
}

/// Cuts ordered regions where their grey steps.
std::vector<Nodes> cut_into_materials(const std::vector<Nodes>& regions, const ChipField& looks,
                                      const GreySteps& steps) {
  return cut_each(regions, [&](const Nodes& region) {
    return is_ordered(looks.order_of(region)) ? steps.parts(region) : std::vector<Nodes>{};
  });
}

/// Cuts ordered regions into grains by their chips' spectra, and pockets out of them that have lost
/// their lattice.
std::vector<Nodes> cut_into_grains(const std::vector<Nodes>& regions, const ChipField& looks,
                                   const ChipField& lattice, Splitter& by_lattice) {
  return cut_each(regions, [&](const Nodes& region) {
    if (!is_ordered(looks.order_of(region))) return std::vector<Nodes>{};
    std::vector<Nodes> grains = join_alike(lattice, by_lattice.split(region));
    // A grain has a core, and a lattice there; a pocket has a core and none. Anything else is the
    // region's edge, where chips show its neighbours too.
    std::erase_if(grains, [&](const Nodes& grain) {
      const double order = lattice.order_of(grain);
      return !lattice.has_core(grain) || (!is_ordered(order) && !is_disordered(order));
    });
    return grains.size() < 2 ? std::vector<Nodes>{} : resolve(lattice, region, grains);
  });
}

/// The place of each chip among those that are compared.
Nodes places_of(const Nodes& chips, const Similarity& similarity) {
  if (similarity.chips.empty()) return chips;
  Nodes places;
  for (const std::uint32_t chip : chips)
    places.push_back(static_cast<std::uint32_t>(
        std::lower_bound(similarity.chips.begin(), similarity.chips.end(), chip) -
        similarity.chips.begin()));
  return places;
}

/// Of the dissimilarities over the image.
double range_of(const Similarity& similarity, double least) {
  const SimilarityStatistics& statistics = similarity.statistics;
  return similarity.scale == SimilarityScale::raw
             ? 1.0
             : std::max(least, statistics.max_cosine - statistics.min_cosine);
}

/// Of each chip the number of its part; -1 for none.
std::vector<std::int32_t> numbers_of(const std::vector<Nodes>& parts, std::size_t chips) {
  std::vector<std::int32_t> numbers(chips, -1);
  for (std::size_t k = 0; k < parts.size(); ++k)
    for (const std::uint32_t chip : parts[k]) numbers[chip] = static_cast<std::int32_t>(k);
  return numbers;
}

void number(const std::vector<Nodes>& regions, const Nodes& chips, Communities& communities) {
  communities.community.assign(communities.node_stability.size(), -1);
  for (const std::uint32_t chip : chips) communities.community[chip] = 0;
  for (std::size_t k = 0; k < regions.size(); ++k)
    for (const std::uint32_t node : regions[k])
      communities.community[node] = static_cast<std::int32_t>(k);
  communities.count = number_canonically(communities.community);
}

}  // namespace

NestedResult find_nested_by_steps(const Scene& scene, const ChipEvidence& evidence,
                                  const CommunityOptions& options, const NestedOptions& given,
                                  const Resources& resources, const Progress& progress) {
  NestedOptions nested = given;
  for (JumpOptions* const jump : {&nested.jump, &nested.composition.jump}) {
    jump->ratio *= scene.look.strength;
    jump->ratio_without_lattice *= scene.look.strength;
    jump->least *= scene.look.strength;
    jump->least_apart *= scene.look.strength;
  }
  nested.order.least *= scene.look.strength;
  nested.layer_border.least_step *= scene.look.strength;
  nested.grey_step.least *= scene.look.strength;
  NestedResult result;
  result.communities.node_stability.assign(scene.grid.chips(), 1.0F);
  std::vector<Nodes> parts;
  const auto step = [&](std::string_view name, std::vector<Nodes> found) {
    parts = std::move(found);
    result.steps.push_back({name, parts});
  };

  const Nodes& all = scene.chips;
  const ChipField looks(scene.grid, scene.embeddings.rows_ND, scene.order,
                        range_of(scene.similarity, nested.jump.least_range), nested);
  // Parts are proposed by the paper's scores, of the cosine: with the angle's, pockets are lost.
  const bool as_they_are = scene.similarity.scale != SimilarityScale::angle;
  const auto compare_looks = [&](const Nodes& chips) {
    if (scene.sampled) {
      Embeddings some;
      some.rows_ND = scene.embeddings.rows_ND(chips, Eigen::all);
      return compare(some, {SimilarityScale::minmax}, resources);
    }
    return chips.size() == all.size() && as_they_are
               ? scene.similarity
               : restrict_to(scene.similarity, places_of(chips, scene.similarity), resources);
  };
  constexpr double halfway = 0.5;
  const Progress first_half = part_of(progress, 0, halfway),
                 second_half = part_of(progress, halfway, 1);
  Splitter by_looks(looks, compare_looks, options, resources, first_half, result.communities,
                    scene);
  step("split", by_looks.split(all));
  step("join", join_alike(looks, parts));
  step("resolve", resolve(looks, all, without_borders(looks, parts)));
  step("stray pieces", without_stray_pieces(looks, parts));
  step("patches", without_patches(looks, parts));
  if (evidence.greys)
    step("layers", cut_into_layers(parts, looks, GreyPhases(*evidence.greys, nested)));
  step("pieces", cut_into_pieces(parts, looks));
  step("patches", without_patches(looks, parts));
  if (evidence.greys)
    step("materials",
         cut_into_materials(parts, looks, GreySteps(*evidence.greys, nested.grey_step)));
  std::optional<ChipField> lattice;
  if (evidence.spectra_ND.rows() > 0) {
    lattice.emplace(scene.grid, evidence.spectra_ND, scene.order, 1.0, nested);
    const auto compare_lattices = [&](const Nodes& chips) {
      Embeddings some;
      some.rows_ND = evidence.spectra_ND(chips, Eigen::all);
      return compare(some, {}, resources);
    };
    Splitter by_lattice(*lattice, compare_lattices, options, resources, second_half,
                        result.communities, scene);
    step("grains", cut_into_grains(parts, looks, *lattice, by_lattice));
  }
  if (evidence.composition != nullptr) {
    const std::vector<Nodes> made_of = parts_by_composition(
        scene, *evidence.composition, options, nested, resources, progress, result.communities);
    step("composition", cut_by_composition(parts, made_of, scene.grid, nested));
    step("one material", join_one_material(parts, made_of, scene, *evidence.composition,
                                           lattice ? &*lattice : nullptr, nested));
    result.communities.composition_part = numbers_of(made_of, scene.grid.chips());
  }
  number(parts, all, result.communities);
  return result;
}

Communities find_nested(const Scene& scene, const ChipEvidence& evidence,
                        const CommunityOptions& options, const NestedOptions& nested,
                        const Resources& resources, const Progress& progress) {
  return find_nested_by_steps(scene, evidence, options, nested, resources, progress).communities;
}

Communities find_by_composition(const Scene& scene, const Composition& composition,
                                const CommunityOptions& options, const NestedOptions& nested,
                                const Resources& resources, const Progress& progress) {
  Communities communities;
  communities.node_stability.assign(scene.grid.chips(), 1.0F);
  const std::vector<Nodes> parts =
      parts_by_composition(scene, composition, options, nested, resources, progress, communities);
  number(parts, scene.chips, communities);
  return communities;
}

}  // namespace metamict
