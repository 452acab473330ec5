// SPDX-License-Identifier: GPL-3.0-or-later
#include "resnet_executor.hpp"

#include <omp.h>

#include <algorithm>
#include <bit>

namespace metamict {

namespace {

constexpr std::size_t cache_bytes = std::size_t{3} << 19;  // what a group of maps may take of a 2 MiB second-level cache
constexpr long rows_that_share_weights = 2048;             // pixels of stage 3 for which its and stage 4's 44 MB are read once

long power_of_two_at_most(std::size_t value) { return static_cast<long>(std::bit_floor(std::max<std::size_t>(1, value))); }

/// Chips of a stage whose output map and the two maps inside a bottleneck stay in the cache together.
long group_size(const MapShape& in, long stride, long out_channels, Number number) {
  const long rows = strided(in.h, static_cast<int>(stride)) * strided(in.w, static_cast<int>(stride));
  return power_of_two_at_most(cache_bytes / (static_cast<std::size_t>(rows * (out_channels + out_channels / 2)) * size_of(number)));
}

MapShape times(MapShape shape, long chips) {
  shape.n = chips;
  return shape;
}

}  // namespace

ResnetExecutor::ResnetExecutor(const FoldedResnet& weights, int input_px, const InputScale& scale, Number number)
    : store_(number), input_px_(input_px), stem_(store_, weights.stem, scale, input_px, input_px),
      stage1_(store_, weights.stages[0], times(stem_.out(), group_size(stem_.out(), 1, 256, number))),
      stage2_(store_, weights.stages[1],
              times(stage1_.out(), std::max(stage1_.in().n, group_size(stage1_.out(), 2, 512, number)))) {
  const MapShape middle = stage2_.out();
  const long stage3_px = strided(middle.h, 2) * strided(middle.w, 2);
  const long most = std::max(middle.n, power_of_two_at_most(static_cast<std::size_t>(rows_that_share_weights / stage3_px)));
  const long fewest = std::max(middle.n, most / 4);
  tails_.push_back(compile_tail(store_, weights, middle, most));
  if (fewest < most) tails_.push_back(compile_tail(store_, weights, middle, fewest));
}

ResnetExecutor::Tail ResnetExecutor::compile_tail(PackedWeights& store, const FoldedResnet& weights, const MapShape& in, long chips) {
  Stage stage3(store, weights.stages[2], times(in, chips));
  Stage stage4(store, weights.stages[3], stage3.out());
  return {chips, std::move(stage3), std::move(stage4)};
}

void ResnetExecutor::run_stem(Workspace& space, const float* chip, std::byte* out) const {
  Frame frame;
  frame.step = input_px_;
  frame.image = chip;
  frame.top = frame.left = Stem::margin;
  frame.bottom = frame.right = Stem::margin + input_px_;
  stem_.run(space, frame, out);
}

/// Stem and the first two stages of the chips, in groups that stay in the cache.
void ResnetExecutor::run_head(Workspace& space, const float* chips, long count, std::byte* out) const {
  const std::size_t bytes = size_of(number());
  const auto pixels = static_cast<std::ptrdiff_t>(input_px_) * input_px_;
  const long group1 = stage1_.in().n, group2 = stage2_.in().n;
  const std::size_t pooled_bytes = stem_.out().values() * bytes, map1_bytes = stage1_.out().values() * bytes;
  std::byte* pooled = space.pooled.at_least(pooled_bytes * static_cast<std::size_t>(group1));
  std::byte* map1 = space.stage1.at_least(map1_bytes * static_cast<std::size_t>(group2 / group1));
  for (long first2 = 0; first2 < count; first2 += group2) {
    for (long first1 = first2; first1 < std::min(count, first2 + group2); first1 += group1) {
      for (long i = first1; i < std::min(count, first1 + group1); ++i)
        run_stem(space, chips + i * pixels, pooled + static_cast<std::size_t>(i - first1) * pooled_bytes);
      stage1_.run(space, pooled, map1 + static_cast<std::size_t>((first1 - first2) / group1) * map1_bytes);
    }
    stage2_.run(space, map1, out);
    out += stage2_.out().values() * bytes;
  }
}

void ResnetExecutor::run(Workspace& space, const float* chips, long count, float* features) const {
  const auto fits = [count](const Tail& tail) { return tail.chips >= count; };
  const Tail& tail = *std::find_if(tails_.rbegin(), tails_.rend(), fits);
  const std::size_t bytes = size_of(number());
  std::byte* map2 = space.stage2.at_least(tail.stage3.in().values() * bytes);
  std::byte* map3 = space.stage3.at_least(tail.stage3.out().values() * bytes);
  std::byte* map4 = space.stage4.at_least(tail.stage4.out().values() * bytes);
  run_head(space, chips, count, map2);
  tail.stage3.run(space, map2, map3);
  tail.stage4.run(space, map3, map4);
  const MapShape last = times(tail.stage4.out(), 1);
  for (long i = 0; i < count; ++i, map4 += last.values() * bytes)
    mean_over_window(map4, last, {last.h, last.w}, number(), features + i * last.c);
}

}  // namespace metamict
