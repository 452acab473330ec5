// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <mutex>
#include <numeric>
#include <utility>

#include "base/numbers.hpp"
#include "base/parallel.hpp"
#include "labels/sharp_borders.hpp"
#include "metamict/errors.hpp"
#include "rules/derived_rules.hpp"
#include "segment/contamination.hpp"
#include "segment/focus.hpp"
#include "segment/memory_plan.hpp"

namespace metamict {

namespace {

/// Runs a stage and adds its wall time to the table.
template <class Function>
auto timed(StageSeconds& seconds, const char* stage, Function&& function) {
  struct Stopwatch {
    double& total;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    ~Stopwatch() { total += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
  } stopwatch{seconds[stage]};
  return function();
}

void append(Notes& notes, const Notes& more, const std::string& prefix = {}) {
  for (const std::string& note : more) notes.push_back(prefix + note);
}

int canonical_stride_px(const SegmentOptions& options, const ChipSize& chip, int encoder_px, Notes& notes) {
  if (!options.stride_px) return std::max(1, encoder_px / 4);
  if (*options.stride_px > chip.size_px)
    throw UsageError("stride is " + number(*options.stride_px) + " px but a chip is only " + number(chip.size_px) +
                     " px: give a stride of at most the chip size");
  const double wanted = *options.stride_px * encoder_px / chip.size_px;
  const int stride = std::max(1, static_cast<int>(std::lround(wanted)));
  if (std::abs(stride - wanted) > 0.01 * wanted)
    notes.push_back("stride is " + number(stride * chip.size_px / encoder_px) + " px, not " +
                    number(*options.stride_px) + " px: it is a whole number of pixels at the encoder's scale");
  return stride;
}

/// What one rule gave.
struct AppliedRule {
  RuleResult rule;
  Notes notes;
  StageSeconds seconds;
};

void apply_threshold_rule(const Result& result, const SegmentOptions& options, const Progress& progress,
                          AppliedRule& into) {
  RuleResult& rule = into.rule;
  const Cut cut = timed(into.seconds, "cut",
                        [&] { return choose_cut(result.similarity, parse_cut_rule(rule.name), options.mode_bins); });
  rule.graph =
      timed(into.seconds, "link", [&] { return link(result.similarity, cut, options.edge_weight, &into.notes); });
  rule.communities =
      timed(into.seconds, "communities", [&] { return find_communities(*rule.graph, options.communities, progress); });
}

void sharpen(LabelMap& map, const Communities& communities, const Result& result, const Micrograph& canonical,
             int threads, Notes& notes) {
  std::vector<bool> ordered{false};
  for (const Region& region : measure_regions(result.micrograph, map, communities, result.order))
    ordered.push_back(is_ordered(region.order));
  const SharpBorders borders = sharpen_borders(canonical, result.grid, ordered, map.labels, threads);
  map = renumbered(map);
  const std::string of_all = " of " + std::to_string(borders.left + borders.moved) + " borders between regions are ";
  if (borders.faded > 0)
    notes.push_back(std::to_string(borders.faded) + of_all +
                    "where half of the lattice's amplitude is left: order fades there over many periods");
  if (borders.left > 0)
    notes.push_back(std::to_string(borders.left) + of_all +
                    "where the chips' votes put them: the pixels beside them do not tell "
                    "the two sides apart");
}

AppliedRule apply_rule(const std::string& name, const Result& result, const Micrograph& canonical,
                       const SegmentOptions& options, const Progress& progress) {
  AppliedRule applied;
  RuleResult& rule = applied.rule;
  rule.name = name;
  if (is_derived_rule(name))
    rule = timed(applied.seconds, "communities",
                 [&] { return apply_derived_rule(name, result, canonical, options, progress); });
  else
    apply_threshold_rule(result, options, progress, applied);
  append(applied.notes, rule.communities.notes);
  timed(applied.seconds, "paint", [&] {
    rule.map = paint(result.grid, rule.communities, options.paint);
    if (rule.kind == RuleKind::derived && options.paint.borders == Borders::pixels)
      sharpen(rule.map, rule.communities, result, canonical, options.threads, applied.notes);
    rule.regions = measure_regions(result.micrograph, rule.map, rule.communities, result.order);
    rule.community_scores = community_scores(result.similarity, rule.communities);
  });
  return applied;
}

/// All rules, in the order asked for; side by side, because each of them leaves a core idle now and then. When one
/// fails the others are given up at their next word of progress.
std::vector<AppliedRule> apply_rules(const Result& result, const Micrograph& canonical, const SegmentOptions& options,
                                     const Progress& progress) {
  struct GivenUp {};
  const std::size_t count = options.cuts.size();
  std::vector<AppliedRule> applied(count);
  std::vector<std::exception_ptr> failures(count);
  std::vector<std::size_t> longest_first(count);
  std::iota(longest_first.begin(), longest_first.end(), std::size_t{0});
  std::stable_partition(longest_first.begin(), longest_first.end(),
                        [&](std::size_t i) { return is_derived_rule(options.cuts[i]); });
  std::mutex telling;
  std::size_t done = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr stopped;  // by the caller, through progress
  const Progress tell = [&](std::string_view, std::size_t, std::size_t) {
    const std::scoped_lock lock(telling);
    if (failed) throw GivenUp{};
    if (!progress) return;
    try {
      progress("communities", done, count);
    } catch (...) {
      stopped = std::current_exception();
      failed = true;
      throw;
    }
  };
  parallel_for(count, at_once(result.grid.chips(), options.threads), [&](std::size_t, std::size_t k) {
    const std::size_t i = longest_first[k];
    if (failed) return;
    try {
      applied[i] = apply_rule(options.cuts[i], result, canonical, options, tell);
      const std::scoped_lock lock(telling);
      ++done;
    } catch (const GivenUp&) {
    } catch (...) {
      failures[i] = std::current_exception();
      failed = true;
    }
  });
  failures.insert(failures.begin(), stopped);
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
  return applied;
}

}  // namespace

Result segment(Micrograph micrograph, Encoder& encoder, const SegmentOptions& given, const Progress& progress) {
  Result result;
  SegmentOptions options = given;
  check_rules(options, result.notes);
  result.primary = options.primary;
  result.micrograph = std::move(micrograph);
  append(result.notes, result.micrograph.notes);
  if (!result.micrograph.nm_per_pixel)
    result.notes.push_back("the pixel size is not known: lengths and areas are in pixels; give --pixel-size");

  StageSeconds& seconds = result.seconds;
  const EncoderIdentity identity = encoder.identity();
  options.chip_size.cells_per_chip = identity.cells_per_chip;
  const Micrograph canonical = timed(seconds, "grid", [&] {
    const Plan planned = plan(result.micrograph, options, identity.input_px, identity.features);
    check_memory(planned, options);
    result.chip_size = planned.chip_size;
    append(result.notes, planned.chip_size.notes);
    const Micrograph standardised = standardise(result.micrograph);
    const double dark = canonical_zero(result.micrograph.pixels, standardised.pixels);
    Micrograph scaled = to_canonical_scale(standardised, planned.chip_size.size_px, identity.input_px);
    const int stride = canonical_stride_px(options, planned.chip_size, identity.input_px, result.notes);
    result.grid = lay_grid(scaled.pixels.size(), scaled.input_size, identity.input_px, stride);
    result.order = measure_order(scaled, result.grid, options.threads, dark);
    return scaled;
  });
  result.embeddings =
      timed(seconds, "embed", [&] { return embed(canonical, result.grid, encoder, options.normalise, progress); });
  append(result.notes, encoder.notes());  // of how it was opened, and of this image
  result.similarity =
      timed(seconds, "compare", [&] { return compare(result.embeddings, options.similarity, progress); });
  append(result.notes, result.similarity.notes);
  result.mode = mode_of(result.similarity.statistics, options.mode_bins);

  for (AppliedRule& one : apply_rules(result, canonical, options, progress)) {
    append(result.notes, one.notes, one.rule.name + ": ");
    for (const auto& [stage, spent] : one.seconds) seconds[stage] += spent;
    if (one.rule.name == options.primary) {
      result.engine = one.rule.communities.engine;
      note_focus_gradient(result, one.rule, result.notes);
      note_contamination(result, one.rule, result.notes);
    }
    result.rules.push_back(std::move(one.rule));
  }
  return result;
}

Result segment(const std::filesystem::path& image, Encoder& encoder, const SegmentOptions& options,
               const Progress& progress) {
  StageSeconds load;
  Micrograph micrograph = timed(load, "load", [&] { return load_micrograph(image, options.load); });
  Result result = segment(std::move(micrograph), encoder, options, progress);
  result.seconds["load"] = load["load"];
  return result;
}

void check_rules(SegmentOptions& options, Notes& notes) {
  if (options.cuts.empty())
    throw UsageError("no cut is given: name at least one of mean, median, mode or a number in [0, 1]");
  for (std::size_t i = 0; i < options.cuts.size(); ++i) {
    if (!is_derived_rule(options.cuts[i])) (void)parse_cut_rule(options.cuts[i]);
    if (std::count(options.cuts.begin(), options.cuts.end(), options.cuts[i]) > 1)
      throw UsageError("cut " + options.cuts[i] + " is given twice");
  }
  if (std::find(options.cuts.begin(), options.cuts.end(), options.primary) != options.cuts.end()) return;
  notes.push_back("the primary rule '" + options.primary + "' is not among the cuts: '" + options.cuts.back() +
                  "' is used");
  options.primary = options.cuts.back();
}

Plan plan(const Micrograph& micrograph, const SegmentOptions& options, int encoder_px, int features) {
  Plan result;
  ChipSizeOptions size = options.chip_size;
  size.threads = options.threads;
  result.chip_size = choose_chip_size(micrograph, size);
  const double factor = encoder_px / result.chip_size.size_px;
  Notes ignored;
  const int stride = canonical_stride_px(options, result.chip_size, encoder_px, ignored);
  const cv::Size input = micrograph.pixels.size();
  const cv::Size scaled(static_cast<int>(std::lround(input.width * factor)),
                        static_cast<int>(std::lround(input.height * factor)));
  result.grid = lay_grid(scaled, input, encoder_px, stride);
  result.stride_px = stride / factor;
  result.predicted_memory_bytes = predict_memory(result.grid, features, options);
  return result;
}

void check_memory(const Plan& planned, const SegmentOptions& options) {
  const std::uint64_t limit = options.max_memory_bytes;
  if (limit == 0 || planned.predicted_memory_bytes <= limit) return;
  throw ResourceError(std::to_string(planned.grid.chips()) + " chips would need about " +
                      bytes_text(planned.predicted_memory_bytes) + " of memory but " + bytes_text(limit) +
                      " may be used: give a larger --stride (now " + number(planned.stride_px) +
                      " px) or a larger --max-memory" +
                      (options.similarity.spill.empty() ? ", or --spill DIR to keep the scores on disk" : ""));
}

}  // namespace metamict
