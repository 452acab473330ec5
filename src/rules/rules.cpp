// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

#include "base/parallel.hpp"
#include "base/progress_parts.hpp"
#include "graph/chip_sample.hpp"
#include "graph/principal_directions.hpp"
#include "graph/reduced_embeddings.hpp"
#include "lattice/chip_spectra.hpp"
#include "metamict/errors.hpp"
#include "rules/clusterings.hpp"
#include "rules/nested_rule.hpp"
#include "rules/prototypes.hpp"

namespace metamict {

namespace {

/// The partition of a scene, and those of further looks at it side by side.
template <typename Find>
std::vector<Communities> with_looks(const Scene& scene, const std::vector<LookAgain>& looks,
                                    const CommunityOptions& options, const Resources& resources,
                                    const Progress& progress, const Find& find) {
  std::vector<Communities> found(1 + looks.size());
  SharesDone shares(found.size());
  const auto tell = [&](std::size_t k) {
    return [&, k](std::string_view stage, std::size_t done, std::size_t total) {
      shares.tell(k, share_done(done, total), stage, progress);
    };
  };
  CommunityOptions once = options;  // a look asks for the partition, not for its stability
  once.runs = 1;
  Resources one_thread = resources;  // looks run side by side
  one_thread.threads = 1;
  parallel_for(found.size(), at_once(scene.similarity.nodes(), resources.threads),
               [&](std::size_t, std::size_t k) {
                 Scene again = scene;
                 if (k > 0) again.look = looks[k - 1];
                 found[k] =
                     find(again, k > 0 ? once : options, k > 0 ? one_thread : resources, tell(k));
               });
  return found;
}

/// The chips' spectra; of an image whose graph is one over a sample, their shares in principal
/// directions, as its embeddings are kept.
RowMatrixXf spectra_of(const Scene& scene, std::uint64_t seed, int threads) {
  if (!scene.sampled) return chip_spectra(scene.canonical, scene.grid, threads);
  constexpr std::size_t enough = 4096, chips_a_block = 8192;
  const RowMatrixXf directions_KD =
      principal_directions(chip_spectra(scene.canonical, scene.grid,
                                        sample_of(scene.grid, scene.chips, enough, seed), threads),
                           kept_directions);
  const std::size_t chips = scene.grid.chips();
  RowMatrixXf kept_NK(static_cast<Eigen::Index>(chips), directions_KD.rows());
  for (std::size_t first = 0; first < chips; first += chips_a_block) {
    Nodes block(std::min(chips_a_block, chips - first));
    std::iota(block.begin(), block.end(), static_cast<std::uint32_t>(first));
    keep_shares(chip_spectra(scene.canonical, scene.grid, block, threads), directions_KD,
                static_cast<Eigen::Index>(first), threads, kept_NK);
  }
  return kept_NK;
}

std::vector<Communities> nested_of_image(const Scene& scene, const Composition* composition,
                                         const std::vector<LookAgain>& looks,
                                         const CommunityOptions& options,
                                         const Resources& resources, const Progress& progress) {
  const NestedOptions thresholds;
  const ChipEvidence evidence{
      spectra_of(scene, options.seed, resources.threads),
      grey_cells(scene.canonical, scene.grid, scene.order, resources.threads, thresholds.cells),
      composition};
  return with_looks(scene, looks, options, resources, progress,
                    [&](const Scene& look, const CommunityOptions& own, const Resources& with,
                        const Progress& tell) {
                      return find_nested(look, evidence, own, thresholds, with, tell);
                    });
}

std::vector<Communities> nested(const Scene& scene, const std::vector<LookAgain>& looks,
                                const RuleArguments&, const CommunityOptions& options,
                                const Resources& resources, const Progress& progress) {
  const Witnesses* witnesses = scene.witnesses;
  if (witnesses == nullptr)
    return nested_of_image(scene, nullptr, looks, options, resources, progress);
  if (witnesses->evidence == Evidence::maps)
    return with_looks(scene, looks, options, resources, progress,
                      [&](const Scene& look, const CommunityOptions& own, const Resources& with,
                          const Progress& tell) {
                        return find_by_composition(look, witnesses->composition, own, {}, with,
                                                   tell);
                      });
  // Each witness parts regions by its own measure: the image first, then the composition inside.
  Embeddings some = witnesses->image;
  if (!scene.similarity.chips.empty())
    some.rows_ND = witnesses->image.rows_ND(scene.similarity.chips, Eigen::all);
  Similarity by_image = compare(some, {SimilarityScale::minmax}, resources);
  by_image.chips = scene.similarity.chips;
  const Scene of_image{scene.canonical, scene.grid,    witnesses->image, by_image, scene.order,
                       scene.chips,     scene.sampled, scene.look,       witnesses};
  return nested_of_image(of_image, &witnesses->composition, looks, options, resources, progress);
}

using Clustering = Communities (*)(const Scene&, const RuleArguments&, const CommunityOptions&,
                                   const Resources&);

template <Clustering cluster>
std::vector<Communities> plain(const Scene& scene, const std::vector<LookAgain>&,
                               const RuleArguments& arguments, const CommunityOptions& options,
                               const Resources& resources, const Progress&) {
  return {cluster(scene, arguments, options, resources)};
}

std::vector<Communities> prototypes(const Scene& scene, const std::vector<LookAgain>&,
                                    const RuleArguments& arguments, const CommunityOptions&,
                                    const Resources& resources, const Progress&) {
  return {classify_by_prototypes(scene, arguments, resources.threads)};
}

constexpr std::array table = {
    DerivedRule{"nested", true, nested, false, true, true},
    DerivedRule{"prototypes", false, prototypes, false, true, false, true},
    DerivedRule{"kmeans", false, plain<cluster_by_kmeans>, true},
    DerivedRule{"spectral", false, plain<cluster_by_spectrum>, true},
    DerivedRule{"agglomerative", false, plain<cluster_by_merging>, true},
    DerivedRule{"deepcut", false, plain<cluster_by_network>, true},
    DerivedRule{"felzenszwalb", false, plain<cluster_by_grey>}};

}  // namespace

std::span<const DerivedRule> derived_rules() { return table; }

Rule parse_rule(const std::string& name) {
  const std::string head = name.substr(0, name.find(':'));
  const auto derived = std::find_if(table.begin(), table.end(),
                                    [&](const DerivedRule& r) { return r.name == head; });
  if (derived == table.end()) return {name, parse_cut_rule(name), nullptr, {}};
  const bool has_count = head.size() < name.size();
  if (has_count != derived->takes_count)
    throw UsageError("the rule " + head +
                     (has_count
                          ? " takes no number of groups: give " + head
                          : " needs a number of groups: give " + head + ":4 or " + head + ":auto"));
  Rule rule{name, {}, &*derived, {}};
  if (const std::string count = has_count ? name.substr(head.size() + 1) : "auto";
      count != "auto") {
    int value = 0;
    const auto [end, failure] = std::from_chars(count.data(), count.data() + count.size(), value);
    if (failure != std::errc{} || end != count.data() + count.size() || value < 1 || value > 1000)
      throw UsageError("'" + name + "' has no number of groups from 1 to 1000 behind the colon");
    rule.count = value;
  }
  return rule;
}

std::vector<Rule> parse_rules(const std::vector<std::string>& names) {
  if (names.empty())
    throw UsageError(
        "no cut is given: name at least one of mean, median, mode or a number in [0, 1]");
  std::vector<Rule> rules;
  for (const std::string& name : names) {
    rules.push_back(parse_rule(name));
    if (std::count(names.begin(), names.end(), name) > 1)
      throw UsageError("cut " + name + " is given twice");
  }
  return rules;
}

}  // namespace metamict
