// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/pipeline.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "base/parallel.hpp"
#include "base/progress_parts.hpp"
#include "base/run_all.hpp"
#include "base/stopwatch.hpp"
#include "base/text.hpp"
#include "graph/chip_sample.hpp"
#include "graph/reduced_embeddings.hpp"
#include "labels/composition_border.hpp"
#include "labels/sharp_borders.hpp"
#include "labels/touching_labels.hpp"
#include "metamict/errors.hpp"
#include "metamict/order.hpp"
#include "metamict/plan.hpp"
#include "rules/rules.hpp"
#include "segment/contamination.hpp"
#include "segment/focus.hpp"
#include "segment/looks.hpp"
#include "segment/names.hpp"
#include "segment/shown_prototypes.hpp"

namespace metamict {

namespace {

/// Runs stages and adds their wall time to a table.
class Timed {
 public:
  explicit Timed(StageSeconds& seconds) : seconds_(seconds) {}

  template <class Stage>
  auto operator()(const char* name, const Stage& stage) const {
    const Stopwatch stopwatch(seconds_[name]);
    return stage();
  }

 private:
  StageSeconds& seconds_;
};

void append(Notes& notes, const Notes& more, const std::string& prefix = {}) {
  for (const std::string& note : more) notes.push_back(prefix + note);
}

/// The result before the first stage: the image, and what is to be said of it.
Result begun(Micrograph micrograph, const SegmentOptions& options) {
  Result result;
  result.primary = primary_rule(options.rules, result.notes);
  result.micrograph = std::move(micrograph);
  append(result.notes, result.micrograph.notes);
  if (!result.micrograph.nm_per_pixel)
    result.notes.push_back(
        "the pixel size is not known: lengths and areas are in pixels; give --pixel-size");
  return result;
}

/// The micrograph as the encoder sees it, with the chips laid over it and their order measured.
struct Chips {
  ChipSize size;
  Micrograph canonical;
  ChipGrid grid;
  std::vector<float> order;
  Nodes seen;                   ///< the chips that no mask touches
  std::size_t graph_chips = 0;  ///< how many the graph may have
  Notes notes;
};

/// The chips that no hidden pixel touches. Throws InputError where fewer than two are left.
Nodes seen_chips(const ChipGrid& grid, const cv::Mat& mask, Notes& notes) {
  Nodes all = all_chips(grid);
  if (mask.empty()) return all;
  cv::Mat hidden_before;  // CV_32S, (rows + 1) x (cols + 1): the hidden pixels above and left
  cv::integral((mask == 0) / 255, hidden_before, CV_32S);
  const auto is_hidden = [&](std::uint32_t chip) {
    const cv::Rect2d at = grid.chip_in_input(chip);
    const int left = std::max(0, cvFloor(at.x)), top = std::max(0, cvFloor(at.y));
    const int right = std::min(mask.cols, cvCeil(at.x + at.width)),
              bottom = std::min(mask.rows, cvCeil(at.y + at.height));
    return hidden_before.at<int>(bottom, right) - hidden_before.at<int>(top, right) -
               hidden_before.at<int>(bottom, left) + hidden_before.at<int>(top, left) >
           0;
  };
  std::erase_if(all, is_hidden);
  if (all.size() < 2)
    throw InputError("the mask leaves " + std::to_string(all.size()) +
                     " chips, but at least two are needed to compare");
  notes.push_back(std::to_string(grid.chips() - all.size()) + " of " +
                  std::to_string(grid.chips()) +
                  " chips touch what the mask hides and are left out");
  return all;
}

Chips lay_chips(const Micrograph& micrograph, const EncoderShape& encoder,
                const SegmentOptions& options, const Progress& progress) {
  Micrograph shown = micrograph;
  shown.pixels = without_hidden(micrograph);
  Plan planned = plan(shown, options, encoder);
  check_memory(planned, options.resources);
  const Micrograph standardised = standardise(micrograph);
  Chips chips{std::move(planned.chip_size), {}, {}, {}, {}, planned.graph_chips,
              std::move(planned.notes)};
  chips.canonical = to_canonical_scale(standardised, chips.size.size_px, encoder.input_px);
  chips.grid = lay_grid(chips.canonical.pixels.size(), chips.canonical.input_size, encoder.input_px,
                        planned.grid.stride_px);
  chips.order = measure_order(chips.canonical, chips.grid, options.resources.threads,
                              canonical_zero(shown.pixels, standardised.pixels), progress);
  chips.seen = seen_chips(chips.grid, micrograph.mask, chips.notes);
  return chips;
}

void note_reduction(const Reduction& reduction, Notes& notes) {
  notes.push_back("embeddings are kept in " + std::to_string(reduction.directions_KD.rows()) +
                  " principal directions: the cosine of two chips is off by " +
                  significant(reduction.largest_error, 2) + " at most, and by " +
                  significant(reduction.mean_error, 2) + " or less in the mean");
}

/// What chips are compared by, and the two witnesses where element maps say something.
struct Compared {
  Evidence evidence = Evidence::image;
  std::optional<Composition> composition;
  double weight = 0;                ///< of the composition
  std::optional<Embeddings> mixed;  ///< of the maps, or of both; none = the image's

  const Embeddings& by(const Embeddings& image) const { return mixed ? *mixed : image; }
};

Evidence evidence_of(const SimilarityOptions& options, const Micrograph& micrograph) {
  const Evidence evidence =
      options.evidence.value_or(micrograph.maps ? Evidence::both : Evidence::image);
  if (evidence != Evidence::image && !micrograph.maps)
    throw InputError(micrograph.path.string() +
                     ": --evidence asks for element maps, but none are given: give --maps");
  return evidence;
}

/// What chips are compared by when that evidence is asked.
Compared compared_by(Evidence evidence, std::optional<Composition> composition,
                     const Embeddings& image, const SimilarityOptions& options) {
  Compared compared{evidence, std::move(composition), 0, {}};
  if (evidence == Evidence::image) return compared;
  compared.weight = evidence == Evidence::maps
                        ? 1
                        : options.maps_weight.value_or(weight_of(*compared.composition));
  if (evidence == Evidence::maps)
    compared.mixed = Embeddings{compared.composition->rows_NE, image.encoder, {}};
  else
    compared.mixed = joint_embeddings(image, *compared.composition, compared.weight);
  return compared;
}

/// The scores of the chips that are looked at or, where there are too many, of a sample of them.
Similarity compare_chips(const Chips& chips, const Embeddings& embeddings,
                         const SegmentOptions& options, const Progress& progress) {
  const Nodes some = sample_of(chips.grid, chips.seen, chips.graph_chips, options.communities.seed);
  if (some.size() == chips.grid.chips())
    return compare(embeddings, options.similarity, options.resources, progress);
  const Embeddings of_some{embeddings.rows_ND(some, Eigen::all), embeddings.encoder, {}};
  Similarity similarity = compare(of_some, options.similarity, options.resources, progress);
  if (some.size() < chips.seen.size())
    similarity.notes.push_back(
        "the graph is one over a sample of " + std::to_string(some.size()) + " of " +
        std::to_string(chips.seen.size()) +
        " chips, evenly over the image; the others join the community that they are most alike "
        "to (--graph exact takes all)");
  similarity.chips = some;
  return similarity;
}

/// Gives every chip that is looked at a community, and the others -1.
Communities over_all_chips(const Communities& found, const Scene& scene, int threads) {
  if (scene.similarity.chips.empty()) return found;
  Communities joined =
      spread(found, scene.similarity.chips, scene.chips, scene.embeddings.rows_ND, threads);
  Communities all = joined;
  all.community.assign(scene.grid.chips(), -1);
  all.node_stability.assign(scene.grid.chips(), 1.0F);
  for (std::size_t i = 0; i < scene.chips.size(); ++i) {
    all.community[scene.chips[i]] = joined.community[i];
    all.node_stability[scene.chips[i]] = joined.node_stability[i];
  }
  all.count = number_canonically(all.community);
  return all;
}

/// A map with 0 where the mask hides the image.
LabelMap unmasked(LabelMap map, const cv::Mat& mask) {
  if (mask.empty()) return map;
  map.labels.setTo(0, mask == 0);
  return renumbered(map);
}

/// Of the borders that show in no pixel, those that the element maps do not show either.
std::vector<std::pair<int, int>> unseen_by_all(std::vector<std::pair<int, int>> unseen,
                                               const RuleResult& rule) {
  const std::vector<std::int32_t>& part_of_chip = rule.communities.composition_part;
  if (part_of_chip.empty()) return unseen;
  std::vector<std::map<std::int32_t, std::size_t>> chips_of_part(rule.map.area_px.size());
  for (std::size_t chip = 0; chip < part_of_chip.size(); ++chip)
    ++chips_of_part[static_cast<std::size_t>(label_of_chip(rule.map, rule.communities, chip))]
                   [part_of_chip[chip]];
  const auto part_of = [&](int label) {
    const auto& parts = chips_of_part[static_cast<std::size_t>(label)];
    return std::max_element(parts.begin(), parts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  };
  std::erase_if(unseen, [&](const std::pair<int, int>& pair) {
    return part_of(pair.first) != part_of(pair.second);
  });
  return unseen;
}

/// Half of a chip's edge in pixels of the image: how far off the votes may put a border.
int half_chip_px(const ChipGrid& grid) {
  return std::max(1, cvRound(grid.chip_in_input(0).width / 2));
}

/// Draws a rule's borders by the pixels beside them. Returns what these say.
SharpBorders draw_borders(RuleResult& rule, const Micrograph& micrograph, const Scene& scene,
                          const SegmentOptions& options, const Progress& tell) {
  std::vector<bool> ordered{false};
  for (const Region& region : measure_regions(micrograph, rule.map, rule.communities, scene.order))
    ordered.push_back(is_ordered(region.order));
  return sharpen_borders(scene.canonical, scene.grid, ordered, rule.map.labels,
                         options.resources.threads, {}, tell);
}

/// Draws a rule's borders by the pixels beside them. Regions whose border shows in no pixel become
/// one, and all borders are drawn again. Notes count these, and the borders where the pixels say
/// too little.
Notes sharpen(RuleResult& rule, bool joins_unseen, const Micrograph& micrograph, const Scene& scene,
              const SegmentOptions& options, const Progress& tell) {
  Notes notes;
  SharpBorders borders = draw_borders(rule, micrograph, scene, options, tell);
  const auto joined =
      joins_unseen ? unseen_by_all(borders.unseen, rule) : std::vector<std::pair<int, int>>{};
  if (const std::size_t unseen = joined.size(); unseen > 0) {
    join_labels(joined, rule.map, rule.communities);
    rule.map = paint(scene.grid, rule.communities, options.paint);
    borders = draw_borders(rule, micrograph, scene, options, tell);
    notes.push_back(std::to_string(unseen) + (unseen == 1 ? " border shows" : " borders show") +
                    " in no pixel: the regions on both sides were joined");
  }
  if (scene.witnesses != nullptr && micrograph.maps)
    draw_by_composition(*micrograph.maps, borders.unseen, half_chip_px(scene.grid),
                        rule.map.labels);
  rule.map = renumbered(rule.map);
  const std::string of_all =
      " of " + std::to_string(borders.left + borders.moved) + " borders between regions are ";
  if (borders.faded > 0)
    notes.push_back(
        std::to_string(borders.faded) + of_all +
        "where half of the lattice's amplitude is left: order fades there over many periods");
  if (borders.left > 0)
    notes.push_back(std::to_string(borders.left) + of_all +
                    "where the chips' votes put them: the pixels beside them do not tell "
                    "the two sides apart");
  return notes;
}

/// Draws all borders of a rule's map by the element maps, where the micrograph is not asked.
void draw_by_maps_alone(RuleResult& rule, const ElementMaps& maps, const ChipGrid& grid) {
  cv::Mat& labels = rule.map.labels;
  const auto pairs = touching_labels(
      labels.size(), [&](int row, int col) { return labels.at<std::uint16_t>(row, col); });
  draw_by_composition(maps, {pairs.begin(), pairs.end()}, half_chip_px(grid), labels);
  rule.map = renumbered(std::move(rule.map));
}

/// The result of one rule.
struct AppliedRule {
  RuleResult rule;
  Notes notes;
  StageSeconds seconds;
  std::vector<Look> looks;  ///< of the primary rule
};

/// Sharpens the borders of a derived rule's map, and measures the regions of any rule's.
void complete(AppliedRule& applied, const Rule& kind, const Micrograph& micrograph,
              const Scene& scene, const SegmentOptions& options, const Progress& tell) {
  RuleResult& rule = applied.rule;
  if (kind.derived != nullptr && kind.derived->is_sharp &&
      options.paint.borders == Borders::pixels) {
    if (scene.witnesses != nullptr && scene.witnesses->evidence == Evidence::maps)
      draw_by_maps_alone(rule, *micrograph.maps, scene.grid);
    else
      append(applied.notes,
             sharpen(rule, kind.derived->joins_unseen, micrograph, scene, options, tell));
  }
  rule.map = unmasked(std::move(rule.map), micrograph.mask);
  rule.regions = measure_regions(micrograph, rule.map, rule.communities, scene.order);
  for (const auto& [chip, name] : rule.communities.named_chips)
    if (const int label = label_of_chip(rule.map, rule.communities, chip); label > 0)
      rule.regions[static_cast<std::size_t>(label - 1)].name = name;
  rule.community_scores = community_scores(scene.similarity, rule.communities);
}

/// Returns the rules' numbers, the slowest rules first.
std::vector<std::size_t> longest_first(const std::vector<Rule>& rules) {
  std::vector<std::size_t> numbers(rules.size());
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  std::stable_partition(numbers.begin(), numbers.end(),
                        [&](std::size_t i) { return rules[i].derived != nullptr; });
  return numbers;
}

/// About how long each rule takes beside the others.
std::vector<double> weights_of(const std::vector<Rule>& rules) {
  constexpr double of_derived = 20;
  std::vector<double> weights;
  for (const Rule& rule : rules) weights.push_back(rule.derived != nullptr ? of_derived : 1);
  return weights;
}

void adopt(AppliedRule&& applied, Result& result) {
  append(result.notes, applied.notes, applied.rule.name + ": ");
  for (const auto& [stage, spent] : applied.seconds) result.seconds[stage] += spent;
  if (applied.rule.name == result.primary) {
    result.engine = applied.rule.communities.engine;
    note_focus_gradient(result, applied.rule, result.notes);
    note_contamination(result, applied.rule, result.notes);
  }
  result.rules.push_back(std::move(applied.rule));
}

/// The looks that cost no pass of the encoder: graphs over a quarter of the chips, and borders that
/// have to show a little less or more.
std::vector<LookAgain> cheap_looks() {
  constexpr double quarter = 0.25;
  std::vector<LookAgain> looks;
  std::uint64_t seed = 101;
  for (const double strength : {1.0, 0.8, 1.25}) looks.push_back({quarter, seed++, strength});
  return looks;
}

/// Finds a rule's communities, paints and measures them.
AppliedRule apply_rule(const Rule& kind, const Scene& scene, const Micrograph& micrograph,
                       const std::vector<LookAgain>& looks, const std::vector<ShownClass>& shown,
                       const SegmentOptions& options, const Progress& tell) {
  const Resources& resources = options.resources;
  AppliedRule applied;
  RuleResult& rule = applied.rule;
  const Timed in_rule(applied.seconds);
  constexpr double of_finding = 0.8;  // of the rule's time, about; the rest is painting
  const Progress finding = part_of(tell, 0, of_finding), painting = part_of(tell, of_finding, 1);
  rule.name = kind.name;
  rule.kind = kind.derived ? RuleKind::derived : RuleKind::threshold;
  if (kind.derived) {
    std::vector<Communities> found = in_rule("communities", [&] {
      return kind.derived->find(scene, looks, {kind.count, options.rules.prototypes, shown},
                                options.communities, resources, finding);
    });
    rule.communities = std::move(found.front());
    for (std::size_t k = 1; k < found.size(); ++k)
      applied.looks.push_back({std::move(found[k].community), "a quarter of the chips"});
  } else {
    const Cut cut = in_rule(
        "cut", [&] { return choose_cut(scene.similarity, *kind.cut, options.rules.mode_bins); });
    rule.graph =
        in_rule("link", [&] { return link(scene.similarity, cut, options.rules.edge_weight); });
    append(applied.notes, rule.graph->notes);
    rule.communities = in_rule("communities", [&] {
      return over_all_chips(find_communities(*rule.graph, options.communities, resources, finding),
                            scene, resources.threads);
    });
  }
  append(applied.notes, rule.communities.notes);
  rule.map = in_rule("paint", [&] { return paint(scene.grid, rule.communities, options.paint); });
  in_rule("paint", [&] { complete(applied, kind, micrograph, scene, options, painting); });
  return applied;
}

std::optional<Witnesses> witnesses_of(const Compared& compared, const Embeddings& image) {
  if (compared.evidence == Evidence::image) return {};
  return Witnesses{compared.evidence, image, *compared.composition};
}

/// The image as rules see it; all that is given must outlive it.
Scene scene_of(const Result& result, const Chips& chips, const Compared& compared,
               const Similarity& similarity, const std::optional<Witnesses>& witnesses) {
  return {chips.canonical, result.grid,  compared.by(result.embeddings),
          similarity,      result.order, chips.seen,
          result.sampled,  {},           witnesses ? &*witnesses : nullptr};
}

/// The labels that the primary rule draws by one witness alone.
cv::Mat drawn_by(Evidence evidence, const Result& result, const Compared& compared,
                 const Chips& chips, const SegmentOptions& options) {
  const Compared alone =
      compared_by(evidence, compared.composition, result.embeddings, options.similarity);
  const Similarity similarity = compare_chips(chips, alone.by(result.embeddings), options, {});
  const auto witnesses = witnesses_of(alone, result.embeddings);
  const Scene scene = scene_of(result, chips, alone, similarity, witnesses);
  return apply_rule(parse_rule(result.primary), scene, result.micrograph, {}, {}, options, {})
      .rule.map.labels;
}

/// Keeps what each witness says alone where both were asked.
void ask_each_witness(Result& result, const Compared& compared, const Chips& chips,
                      const SegmentOptions& options) {
  WitnessMaps said{compared.evidence, compared.weight, compared.composition->reliability, {}, {}};
  if (compared.evidence == Evidence::both) {
    said.by_image = drawn_by(Evidence::image, result, compared, chips, options);
    said.by_maps = drawn_by(Evidence::maps, result, compared, chips, options);
  }
  result.witnesses = std::move(said);
}

/// Segments an image that has no crop. A look needs the map only, not what each witness says alone.
Result segment_whole(Micrograph micrograph, Encoder& encoder, const SegmentOptions& options,
                     const Progress& progress, bool is_look);

/// Judges the primary rule's regions by the looks that it has taken, and by fresh ones where they
/// are asked for.
void look_again(Result& result, std::vector<Look> looks, Encoder& encoder,
                const SegmentOptions& options) {
  const int fresh = options.rules.looks.value_or(0);
  if (options.rules.looks && fresh == 0) return;
  if (fresh > 0) {
    SegmentOptions once = options;
    once.rules.looks = 0;
    once.rules.cuts = {result.primary};
    once.rules.primary = result.primary;
    once.rules.names.clear();
    const double chip_px = result.chip_size.size_px;
    const auto again = [&](Micrograph micrograph, double factor) {
      once.chips.chip_size_px = factor * chip_px;
      if (options.chips.stride_px) once.chips.stride_px = factor * *options.chips.stride_px;
      return segment_whole(std::move(micrograph), encoder, once, {}, true).rules.front().map.labels;
    };
    for (Look& look :
         fresh_looks(result.micrograph, result.grid, fresh, options.communities.seed, again))
      looks.push_back(std::move(look));
  }
  judge_by_looks(result.primary_rule(), result.grid, looks, result.looks, result.notes);
}

cv::Mat in_whole(const cv::Mat& labels_of_crop, cv::Size size, const cv::Rect& crop) {
  cv::Mat labels = cv::Mat::zeros(size, CV_16UC1);
  labels_of_crop.copyTo(labels(crop));
  return labels;
}

/// The result of a crop as one of the whole image: label maps are 0 outside, and places are those
/// in the image.
Result placed(Result part, Micrograph whole) {
  const cv::Rect crop = *whole.crop;
  for (RuleResult& rule : part.rules) {
    rule.map.labels = in_whole(rule.map.labels, whole.pixels.size(), crop);
    rule.map.area_px[0] += whole.pixels.total() - static_cast<std::size_t>(crop.area());
    for (Region& region : rule.regions) region.centroid_px += cv::Point2d(crop.tl());
  }
  if (part.witnesses)
    for (cv::Mat* const labels : {&part.witnesses->by_image, &part.witnesses->by_maps})
      if (!labels->empty()) *labels = in_whole(*labels, whole.pixels.size(), crop);
  part.grid.origin = crop.tl();
  part.micrograph = std::move(whole);
  return part;
}

Result segment_whole(Micrograph micrograph, Encoder& encoder, const SegmentOptions& options,
                     const Progress& progress, bool is_look) {
  const std::vector<Rule> rules = parse_rules(options.rules.cuts);
  const Evidence evidence = evidence_of(options.similarity, micrograph);
  Result result = begun(std::move(micrograph), options);
  const Timed timed(result.seconds);

  Chips chips = timed("grid", [&] {
    return lay_chips(result.micrograph, shape_of(encoder.identity()), options, progress);
  });
  append(result.notes, chips.notes);
  result.chip_size = std::move(chips.size);
  result.grid = chips.grid;
  result.order = std::move(chips.order);
  const bool is_large = chips.graph_chips < result.grid.chips();
  result.embeddings = timed("embed", [&] {
    return is_large ? embed_reduced(chips.canonical, result.grid, encoder, options.normalise,
                                    options.resources.threads, progress)
                    : embed(chips.canonical, result.grid, encoder, options.normalise, progress);
  });
  append(result.notes, encoder.notes());  // of how it was opened, and of this image
  if (result.embeddings.reduction) note_reduction(*result.embeddings.reduction, result.notes);
  std::optional<Composition> composition;
  if (result.micrograph.maps)
    composition =
        timed("composition", [&] { return composition_of(*result.micrograph.maps, result.grid); });
  if (composition) append(result.notes, composition->notes);
  if (evidence == Evidence::both && composition && composition->reliability > 0 &&
      !options.similarity.maps_weight)
    result.notes.push_back("scores are of the micrograph and the element maps: the maps weigh " +
                           number(std::round(100 * weight_of(*composition)) / 100) +
                           ", by the noise of their counts (--maps-weight, --evidence)");
  const Compared compared =
      compared_by(evidence, std::move(composition), result.embeddings, options.similarity);
  result.similarity = timed("compare", [&] {
    return compare_chips(chips, compared.by(result.embeddings), options, progress);
  });
  append(result.notes, result.similarity.notes);
  result.mode = mode_of(result.similarity.statistics, options.rules.mode_bins);
  result.sampled = result.similarity.nodes() < chips.seen.size();
  if (result.sampled)
    result.score_errors =
        score_errors(result.similarity, options.rules.mode_bins, options.resources.threads);

  const auto witnesses = witnesses_of(compared, result.embeddings);
  const Scene scene = scene_of(result, chips, compared, result.similarity, witnesses);
  std::vector<ShownClass> shown;
  if (std::any_of(rules.begin(), rules.end(), [](const Rule& rule) {
        return rule.derived != nullptr && rule.derived->needs_prototypes;
      }))
    shown = shown_by_other_images(result.micrograph, encoder, options);
  const auto apply = [&](std::size_t i, const Progress& tell) {
    const bool again = rules[i].name == result.primary && options.rules.looks.value_or(1) > 0;
    return apply_rule(rules[i], scene, result.micrograph,
                      again ? cheap_looks() : std::vector<LookAgain>{}, shown, options, tell);
  };
  const int workers = at_once(result.similarity.nodes(), options.resources.threads);
  std::vector<Look> looks;
  for (AppliedRule& applied :
       run_all(longest_first(rules), workers, "communities", progress, apply, weights_of(rules))) {
    if (!applied.looks.empty()) looks = std::move(applied.looks);
    adopt(std::move(applied), result);
  }
  look_again(result, std::move(looks), encoder, options);
  if (compared.composition && !is_look) ask_each_witness(result, compared, chips, options);
  if (!options.rules.names.empty()) name_regions(result, options.rules.names);
  return result;
}

}  // namespace

Result segment(Micrograph micrograph, Encoder& encoder, const SegmentOptions& options,
               const Progress& progress) {
  options.check();
  if (!micrograph.crop)
    return segment_whole(std::move(micrograph), encoder, options, progress, false);
  Micrograph part = cropped(micrograph);
  return placed(segment_whole(std::move(part), encoder, options, progress, false),
                std::move(micrograph));
}

Result segment(const std::filesystem::path& image, Encoder& encoder, const SegmentOptions& options,
               const Progress& progress) {
  StageSeconds load;
  Micrograph micrograph = Timed(load)("load", [&] { return load_micrograph(image, options.load); });
  Result result = segment(std::move(micrograph), encoder, options, progress);
  result.seconds.merge(load);
  return result;
}

}  // namespace metamict
