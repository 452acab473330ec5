// SPDX-License-Identifier: GPL-3.0-or-later
#include "resnet_executor.hpp"

#include <omp.h>

#include <algorithm>
#include <bit>

namespace metamict {

namespace {

constexpr std::size_t cache_bytes = std::size_t{3}
                                    << 19;       // what a group of maps may take of a 2 MiB second-level cache
constexpr long pixels_that_share_weights = 512;  // of the last stage: 30 MB are read once for so many

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
    const long channels = 256L << stage;  // of the output; the two maps inside a bottleneck have half of them together
    const std::size_t bytes = static_cast<std::size_t>(side * side * (channels + channels / 2)) * size_of(number);
    const std::size_t fitting =
        stage < 3 ? cache_bytes / bytes : static_cast<std::size_t>(pixels_that_share_weights / (side * side));
    before = groups[stage] = std::max(before, static_cast<long>(std::bit_floor(std::max<std::size_t>(1, fitting))));
  }
  return groups;
}

ResnetExecutor::ResnetExecutor(const FoldedResnet& weights, int input_px, const InputScale& scale, Number number,
                               int threads)
    : ResnetExecutor(weights, input_px, scale, number, best_groups(input_px, number), threads) {}

ResnetExecutor::ResnetExecutor(const FoldedResnet& weights, int input_px, const InputScale& scale, Number number,
                               const Groups& groups, int threads)
    : store_(number, threads),
      input_px_(input_px),
      stem_(store_, weights.stem, scale, input_px, input_px),
      stages_([&] {
        std::vector<Stage> stages;
        for (std::size_t i = 0; i < groups.size(); ++i)
          stages.emplace_back(store_, weights.stages[i], times(i == 0 ? stem_.out() : stages.back().out(), groups[i]));
        return stages;
      }()),
      small_last_(store_, weights.stages[3], times(stages_[2].out(), std::max(groups[2], groups[3] / 4))) {}

void ResnetExecutor::run_stem(Workspace& space, const float* chips, long count, std::byte* out) const {
  const auto pixels = static_cast<std::ptrdiff_t>(input_px_) * input_px_;
  for (long i = 0; i < count; ++i, chips += pixels, out += stem_.out().values() * size_of(number()))
    stem_.run(space, {chips, input_px_, Stem::margin, Stem::margin + input_px_, Stem::margin, Stem::margin + input_px_},
              out);
}

/// Chips through the stages up to `last`, which is `stage`, a group at a time.
void ResnetExecutor::run_stages(Workspace& space, std::size_t last, const Stage& stage, const float* chips, long count,
                                std::byte* out) const {
  const auto pixels = static_cast<std::ptrdiff_t>(input_px_) * input_px_;
  const long group = stage.in().n;
  std::byte* in = space.maps[last].at_least(stage.in().values() * size_of(number()));
  for (long first = 0; first < count; first += group, out += stage.out().values() * size_of(number())) {
    const long here = std::min(group, count - first);
    if (last == 0)
      run_stem(space, chips + first * pixels, here, in);
    else
      run_stages(space, last - 1, stages_[last - 1], chips + first * pixels, here, in);
    stage.run(space, in, out);
  }
}

void ResnetExecutor::run(Workspace& space, const float* chips, long count, float* features) const {
  const Stage& last = count <= small_batch() ? small_last_ : stages_.back();
  const MapShape map = times(last.out(), 1);
  std::byte* out = space.maps[4].at_least(last.out().values() * size_of(number()));
  run_stages(space, 3, last, chips, count, out);
  for (long i = 0; i < count; ++i, out += map.values() * size_of(number()))
    mean_over_window(out, map, {map.h, map.w}, number(), features + i * map.c);
}

}  // namespace metamict
