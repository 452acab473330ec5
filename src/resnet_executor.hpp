// SPDX-License-Identifier: GPL-3.0-or-later
// A ResNet50 on the processor through oneDNN alone, several times faster than through LibTorch: batch normalisation folded
// in; bias, addition and ReLU fused into each product; chips taken in groups whose maps stay in the second-level cache.
#pragma once

#include <memory>
#include <vector>

#include "resnet_stage.hpp"

namespace metamict {

/// Chips one by one, as the paper does: each is an image of its own with zeros around it.
class ResnetExecutor {
 public:
  ResnetExecutor(const FoldedResnet& weights, int input_px, const InputScale& scale, Number number);

  int input_px() const { return input_px_; }
  Number number() const { return store_.number(); }
  /// How many chips one call does at best speed, and the smaller number in which what is left over is done best.
  long batch() const { return tails_.front().chips; }
  long small_batch() const { return tails_.back().chips; }
  std::unique_ptr<Workspace> workspace() const { return std::make_unique<Workspace>(store_.engine()); }

  /// Features of `count` <= batch() chips of input_px² grey values, one chip after the other: count x resnet50_features.
  void run(Workspace& space, const float* chips, long count, float* features) const;

 private:
  struct Tail {  // the last two stages, whose weights are large: the more chips share them the better
    long chips;
    Stage stage3, stage4;
  };
  static Tail compile_tail(PackedWeights& store, const FoldedResnet& weights, const MapShape& in, long chips);
  void run_stem(Workspace& space, const float* chip, std::byte* out) const;
  void run_head(Workspace& space, const float* chips, long count, std::byte* out) const;

  PackedWeights store_;
  int input_px_;
  Stem stem_;
  Stage stage1_, stage2_;
  std::vector<Tail> tails_;  // from the largest to the smallest
};

}  // namespace metamict
