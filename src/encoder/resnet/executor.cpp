// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/executor.hpp"

#include <omp.h>

#include <algorithm>
#include <bit>
#include <cassert>

namespace metamict {

namespace {

constexpr std::size_t cache_bytes =
    std::size_t{3} << 19;  // what a group of maps may take of a 2 MiB second-level cache
constexpr long pixels_that_share_weights =
    512;  // of the last stage: 30 MB are read once for so many

MapShape times(MapShape shape, long chips) {
  shape.n = chips;
  return shape;
}

}  // namespace

Groups ResnetExecutor::best_groups(int input_px, Number number) {
  Groups groups{};
  long side = strided(strided(input_px, 2), 2), before = 1;
  for (std::size_t stage = 0; stage < groups.size(); ++stage) {
    if (stage > 0) side = strided(side, 2);
    const long channels =
        256L
        << stage;  // of the output; the two maps inside a bottleneck have half of them together
    const std::size_t bytes =
        static_cast<std::size_t>(side * side * (channels + channels / 2)) * size_of(number);
    const std::size_t fitting =
        stage < 3 ? cache_bytes / bytes
                  : static_cast<std::size_t>(pixels_that_share_weights / (side * side));
    before = groups[stage] =
        std::max(before, static_cast<long>(std::bit_floor(std::max<std::size_t>(1, fitting))));
  }
  return groups;
}

ResnetRanges::ResnetRanges(const FoldedResnet& net) {
  for (std::size_t i = 0; i < stages.size(); ++i) stages[i].resize(net.stages[i].size());
}

void ResnetRanges::widen(const ResnetRanges& other) {
  stem = std::max(stem, other.stem);
  for (std::size_t i = 0; i < stages.size(); ++i)
    for (std::size_t k = 0; k < stages[i].size(); ++k)
      for (float BlockRanges::*range :
           {&BlockRanges::reduce, &BlockRanges::spatial, &BlockRanges::shortcut, &BlockRanges::out})
        stages[i][k].*range = std::max(stages[i][k].*range, other.stages[i][k].*range);
}

ResnetExecutor::ResnetExecutor(PackedWeights& store, const FoldedResnet& weights, int input_px,
                               const InputScale& scale, const ResnetRanges* ranges)
    : store_(&store),
      input_px_(input_px),
      stem_step_(ranges != nullptr ? step_of(ranges->stem, 255) : 0),
      last_step_(ranges != nullptr ? step_of(ranges->stages.back().back().out, 255) : 1),
      stem_(store, weights.stem, scale, input_px, input_px),
      stages_([&] {
        std::vector<Stage> stages;
        const Groups groups =
            best_groups(input_px, ranges != nullptr ? Number::int8 : store.number());
        for (std::size_t i = 0; i < groups.size(); ++i)
          stages.push_back(stage(
              weights, i, times(i == 0 ? stem_.out() : stages.back().out(), groups[i]), ranges));
        return stages;
      }()),
      small_last_(stage(weights, 3,
                        times(stages_[2].out(), std::max(stages_[2].in().n, stages_[3].in().n / 4)),
                        ranges)) {}

Stage ResnetExecutor::stage(const FoldedResnet& weights, std::size_t index, const MapShape& in,
                            const ResnetRanges* ranges) const {
  if (ranges == nullptr) return {*store_, weights.stages[index], in};
  const float before = index == 0 ? ranges->stem : ranges->stages[index - 1].back().out;
  return {*store_, weights.stages[index], in, before, ranges->stages[index]};
}

void ResnetExecutor::run_stem(Workspace& space, const float* chips, long count, std::byte* out,
                              ResnetRanges* seen) const {
  const auto pixels = static_cast<std::ptrdiff_t>(input_px_) * input_px_;
  const std::size_t values = stem_.out().values();
  const bool whole = number() == Number::int8;
  for (long i = 0; i < count; ++i, chips += pixels, out += values * size_of(number())) {
    std::byte* map = whole ? space.pooled.at_least(values * size_of(store_->number())) : out;
    stem_.run(space,
              {chips, input_px_, Stem::margin, Stem::margin + input_px_, Stem::margin,
               Stem::margin + input_px_},
              map);
    if (seen != nullptr) seen->stem = std::max(seen->stem, greatest(map, values, store_->number()));
    if (whole) to_steps(map, values, store_->number(), stem_step_, out);
  }
}

/// Runs chips through the stages up to `last`, which is `stage`, one group at a time.
void ResnetExecutor::run_stages(Workspace& space, std::size_t last, const Stage& stage,
                                const float* chips, long count, std::byte* out,
                                ResnetRanges* seen) const {
  const auto pixels = static_cast<std::ptrdiff_t>(input_px_) * input_px_;
  const long group = stage.in().n;
  std::byte* in = space.maps[last].at_least(stage.in().values() * size_of(number()));
  for (long first = 0; first < count;
       first += group, out += stage.out().values() * size_of(number())) {
    const long here = std::min(group, count - first);
    if (last == 0)
      run_stem(space, chips + first * pixels, here, in, seen);
    else
      run_stages(space, last - 1, stages_[last - 1], chips + first * pixels, here, in, seen);
    stage.run(space, in, out, seen != nullptr ? &seen->stages[last] : nullptr);
  }
}

void ResnetExecutor::run(Workspace& space, const float* chips, long count, float* features,
                         ResnetRanges* seen) const {
  assert(seen == nullptr || count == small_batch());
  const Stage& last = count <= small_batch() ? small_last_ : stages_.back();
  const MapShape map = times(last.out(), 1);
  std::byte* out = space.maps[4].at_least(last.out().values() * size_of(number()));
  run_stages(space, 3, last, chips, count, out, seen);
  for (long i = 0; i < count; ++i, out += map.values() * size_of(number())) {
    float* row = features + i * map.c;
    mean_over_window(out, map, {map.h, map.w}, number(), row);
    if (number() == Number::int8)
      for (long k = 0; k < map.c; ++k) row[k] *= last_step_;
  }
}

}  // namespace metamict
