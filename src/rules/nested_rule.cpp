// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/nested_rule.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>

#include "base/parallel.hpp"
#include "metamict/cut.hpp"
#include "metamict/order.hpp"
#include "rules/chip_field.hpp"
#include "rules/grey_phases.hpp"
#include "rules/grey_step.hpp"

namespace metamict {

namespace {

/// The similarity scores of some of the chips, rescaled to their own least and most alike pair.
Similarity restrict_to(const Similarity& similarity, const Nodes& nodes, const std::filesystem::path& spill,
                       int threads) {
  constexpr std::size_t quanta = 65536;
  struct Worker {
    Quantum low = quanta - 1, high = 0;
    std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(quanta, 0);
  };
  threads = std::clamp(static_cast<int>(nodes.size() / 256), 1, std::max(threads, 1));  // fewer chips are done sooner
  std::vector<Worker> workers(static_cast<std::size_t>(threads));
  parallel_for(nodes.size(), threads, [&](std::size_t worker, std::size_t i) {
    const Quantum* row = similarity.scores->row(nodes[i]);
    Quantum least = quanta - 1, most = 0;
    for (std::size_t j = 0; j < i; ++j) least = std::min(least, row[nodes[j]]), most = std::max(most, row[nodes[j]]);
    workers[worker].low = std::min(workers[worker].low, least);
    workers[worker].high = std::max(workers[worker].high, most);
  });
  Quantum low = quanta - 1, high = 0;
  for (const Worker& worker : workers) low = std::min(low, worker.low), high = std::max(high, worker.high);

  std::vector<Quantum> rescaled(quanta, quanta - 1);
  if (high > low)
    for (std::size_t q = low; q <= high; ++q)
      rescaled[q] = static_cast<Quantum>(
          std::lround(static_cast<double>(q - low) * (quanta - 1) / static_cast<double>(high - low)));
  auto scores = std::make_shared<ScoreMatrix>(nodes.size(), spill);
  parallel_for(nodes.size(), threads, [&](std::size_t worker, std::size_t i) {
    const Quantum* from = similarity.scores->row(nodes[i]);
    Quantum* to = scores->row(i);
    for (std::size_t j = 0; j < nodes.size(); ++j) to[j] = rescaled[from[nodes[j]]];
    to[i] = 0;
    for (std::size_t j = 0; j < i; ++j) ++workers[worker].counts[to[j]];
  });

  Similarity part;
  part.statistics.counts.assign(quanta, 0);
  part.statistics.pairs = nodes.size() * (nodes.size() - 1) / 2;
  double sum = 0;
  for (std::size_t q = 0; q < quanta; ++q) {
    for (const Worker& worker : workers) part.statistics.counts[q] += worker.counts[q];
    sum += static_cast<double>(part.statistics.counts[q]) * score_of(static_cast<Quantum>(q));
  }
  part.statistics.mean = sum / static_cast<double>(part.statistics.pairs);
  part.scores = std::move(scores);
  return part;
}

/// Splits from the whole down, as far as there are parts that resolve; then joins what no border parts. Joined on the
/// way down, a gentle change over a large region would hide a small region behind it.
class Splitter {
 public:
  using SimilarityOf = std::function<Similarity(const Nodes&)>;
  Splitter(const ChipField& field, SimilarityOf similarity_of, const CommunityOptions& options,
           const Resources& resources, const Progress& progress, Communities& into)
      : field_(field),
        similarity_of_(std::move(similarity_of)),
        options_(options),
        resources_(resources),
        progress_(progress),
        into_(into) {}

  /// What parts the borders leave of some chips.
  std::vector<Nodes> parts(const Nodes& nodes) { return field_.join_alike(split(nodes, 0)); }

 private:
  /// Some chips cut as small as they resolve; the chips themselves where they hold no border.
  std::vector<Nodes> split(const Nodes& nodes, int depth) {
    constexpr int deepest = 12;
    if (nodes.size() < 2 * field_.smallest_part() || depth > deepest || !field_.may_hold_a_border(nodes))
      return {nodes};
    const Similarity own = similarity_of_(nodes);
    const Communities found =
        find_communities(link(own, choose_cut(own, parse_cut_rule("mean"))), options_, resources_, progress_);
    {
      const std::scoped_lock lock(noting_);
      if (into_.engine.empty()) into_.engine = found.engine;
    }
    const std::vector<Nodes> proposed = field_.regions_among(nodes, found.community, found.count);
    if (proposed.empty()) return {nodes};
    const std::vector<Nodes> apart = field_.join_alike(proposed);
    const bool clear = apart.size() > 1;
    if (clear) note_stability(nodes, found);
    const std::vector<Nodes>& parts = clear ? apart : proposed;
    std::vector<std::vector<Nodes>> inner(parts.size());
    const int workers = at_once(into_.node_stability.size(), resources_.threads);
    parallel_for(parts.size(), workers, [&](std::size_t, std::size_t i) {
      inner[i] = split(parts[i], depth + 1);
      // What lies on one side of a border is joined before it meets the other side, lest border chips bridge the two.
      if (clear) inner[i] = field_.join_alike(std::move(inner[i]));
    });
    std::vector<Nodes> pieces;
    for (std::vector<Nodes>& some : inner) std::move(some.begin(), some.end(), std::back_inserter(pieces));
    return pieces;
  }

  void note_stability(const Nodes& nodes, const Communities& found) {
    const std::scoped_lock lock(noting_);
    into_.stability = std::min(into_.stability, found.stability);
    for (std::size_t i = 0; i < nodes.size(); ++i) into_.node_stability[nodes[i]] *= found.node_stability[i];
  }

  const ChipField& field_;
  SimilarityOf similarity_of_;
  const CommunityOptions& options_;
  const Resources& resources_;
  const Progress& progress_;
  Communities& into_;
  std::mutex noting_;  // parts are split side by side
};

/// Cuts regions without a lattice into pieces that look unlike.
std::vector<Nodes> cut_into_pieces(const std::vector<Nodes>& regions, const ChipField& looks) {
  std::vector<Nodes> pieces;
  for (const Nodes& region : regions) {
    if (is_ordered(looks.order_of(region)))
      pieces.push_back(region);
    else
      for (Nodes& piece : looks.unlike_pieces(region)) pieces.push_back(std::move(piece));
  }
  return pieces;
}

Nodes shared(const Nodes& a, const Nodes& b) {
  Nodes both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

/// Cuts what hangs together without a lattice into layers, where that is one region by its looks, or two that are not
/// much the same as the layers.
std::vector<Nodes> cut_into_layers(std::vector<Nodes> regions, const ChipField& looks, const GreyPhases& phases) {
  constexpr double much_the_same = 0.9;
  Nodes disordered;
  for (const Nodes& region : regions)
    if (!is_ordered(looks.order_of(region))) disordered.insert(disordered.end(), region.begin(), region.end());
  std::sort(disordered.begin(), disordered.end());
  for (const Nodes& whole : looks.pieces(disordered)) {
    std::vector<Nodes> present;  // without splinters
    for (const Nodes& region : regions)
      if (Nodes here = shared(region, whole); 20 * here.size() >= whole.size()) present.push_back(std::move(here));
    if (present.size() > 2) continue;
    std::vector<Nodes> layers = phases.parts(whole);
    if (layers.size() < 2) continue;
    if (present.size() == 2 && layers.size() == 2) {
      const std::size_t same = shared(layers[0], present[0]).size() + shared(layers[1], present[1]).size();
      const std::size_t crossed = shared(layers[0], present[1]).size() + shared(layers[1], present[0]).size();
      if (static_cast<double>(std::max(same, crossed)) >= much_the_same * static_cast<double>(whole.size())) continue;
    }
    for (Nodes& region : regions) {
      Nodes rest;
      std::set_difference(region.begin(), region.end(), whole.begin(), whole.end(), std::back_inserter(rest));
      region = std::move(rest);
    }
    std::erase_if(regions, [](const Nodes& region) { return region.empty(); });
    std::move(layers.begin(), layers.end(), std::back_inserter(regions));
  }
  return regions;
}

/// Cuts ordered regions where their grey steps.
std::vector<Nodes> cut_by_composition(const std::vector<Nodes>& regions, const ChipField& looks,
                                      const GreySteps& steps) {
  std::vector<Nodes> materials;
  for (const Nodes& region : regions) {
    std::vector<Nodes> parts{region};
    if (is_ordered(looks.order_of(region))) parts = steps.parts(region);
    std::move(parts.begin(), parts.end(), std::back_inserter(materials));
  }
  return materials;
}

/// Cuts ordered regions into grains by their chips' spectra, and pockets out of them that have lost their lattice.
std::vector<Nodes> cut_by_lattice(std::vector<Nodes> regions, const ChipField& looks, const ChipField& lattice,
                                  Splitter& by_lattice) {
  std::vector<Nodes> grains;
  for (Nodes& region : regions) {
    std::vector<Nodes> inner;
    if (is_ordered(looks.order_of(region))) inner = by_lattice.parts(region);
    // A grain has a core, and a lattice there; a pocket has a core and none. Anything else is the region's edge, where
    // chips show its neighbours too.
    std::erase_if(inner, [&](const Nodes& part) {
      const double order = lattice.order_of(part);
      return !lattice.has_core(part) || (!is_ordered(order) && !is_disordered(order));
    });
    if (inner.size() < 2)
      grains.push_back(std::move(region));
    else
      for (Nodes& grain : lattice.resolve(region, inner)) grains.push_back(std::move(grain));
  }
  return grains;
}

}  // namespace

Communities find_nested(const Scene& scene, const ChipEvidence& evidence, const CommunityOptions& options,
                        const NestedOptions& nested, const Resources& resources, const Progress& progress) {
  Communities found;
  found.node_stability.assign(scene.grid.chips(), 1.0F);
  Nodes all(scene.grid.chips());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);

  const SimilarityStatistics& statistics = scene.similarity.statistics;
  const double range = scene.similarity.scale == SimilarityScale::raw
                           ? 1.0
                           : std::max(nested.least_range, statistics.max_cosine - statistics.min_cosine);
  const ChipField looks(scene.grid, scene.embeddings.rows_ND, scene.order, range, nested);
  const auto scores_of = [&](const Nodes& nodes) {
    return nodes.size() == all.size() ? scene.similarity
                                      : restrict_to(scene.similarity, nodes, resources.spill, resources.threads);
  };
  // Chips on a border choose among all regions.
  std::vector<Nodes> regions = looks.without_stray_pieces(looks.resolve(
      all, looks.without_borders(Splitter(looks, scores_of, options, resources, progress, found).parts(all))));
  if (evidence.greys) regions = cut_into_layers(std::move(regions), looks, GreyPhases(*evidence.greys));
  regions = cut_into_pieces(regions, looks);
  if (evidence.greys) regions = cut_by_composition(regions, looks, GreySteps(*evidence.greys));
  if (evidence.spectra_ND.rows() > 0) {
    const ChipField lattice(scene.grid, evidence.spectra_ND, scene.order, 1.0, nested);
    const auto compare_lattices = [&](const Nodes& nodes) {
      Embeddings some;
      some.rows_ND = evidence.spectra_ND(nodes, Eigen::all);
      return compare(some, {}, resources);
    };
    Splitter by_lattice(lattice, compare_lattices, options, resources, progress, found);
    regions = cut_by_lattice(std::move(regions), looks, lattice, by_lattice);
  }
  found.community.assign(all.size(), 0);
  for (std::size_t k = 0; k < regions.size(); ++k)
    for (const std::uint32_t node : regions[k]) found.community[node] = static_cast<std::int32_t>(k);
  found.count = number_canonically(found.community);
  return found;
}

}  // namespace metamict
