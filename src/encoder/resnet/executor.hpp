// SPDX-License-Identifier: GPL-3.0-or-later
// A ResNet50 on the processor through oneDNN alone, several times faster than through LibTorch: batch normalisation
// folded in; bias, addition and ReLU fused into each product; chips taken in groups whose maps stay in the second-level
// cache.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "encoder/resnet/stage.hpp"

namespace metamict {

/// How many chips go through each stage together: the last is the batch, and each is a multiple of the one before.
using Groups = std::array<long, 4>;

/// The largest values seen in every map.
struct ResnetRanges {
  float stem = 0;
  std::array<std::vector<BlockRanges>, 4> stages;
  explicit ResnetRanges(const FoldedResnet& net);  ///< nothing seen yet
  void widen(const ResnetRanges& other);
};

/// Chips one by one, as the paper does: each is an image of its own with zeros around it.
class ResnetExecutor {
 public:
  /// Its weights are packed into a store that outlives it. The stem computes in the store's numbers, the stages too, or
  /// on bytes where ranges are given (as an executor on floats has seen them; larger values are cut off at them).
  ResnetExecutor(PackedWeights& store, const FoldedResnet& weights, int input_px, const InputScale& scale,
                 const ResnetRanges* ranges = nullptr);

  /// Groups whose maps stay in a second-level cache of 2 MiB, and for the last stage enough chips to share its large
  /// weights.
  static Groups best_groups(int input_px, Number number);

  int input_px() const { return input_px_; }
  Number number() const { return stages_.front().number(); }
  /// How many chips one call does at best speed, and the smaller number in which what is left over is done best.
  long batch() const { return stages_.back().in().n; }
  long small_batch() const { return small_last_.in().n; }
  std::unique_ptr<Workspace> workspace() const { return std::make_unique<Workspace>(store_->engine()); }

  /// Features of `count` <= batch() chips of input_px² grey values, one chip after the other: count x
  /// resnet50_features. `seen` is widened by what the maps hold; then count is small_batch(), so that no map is left
  /// from before.
  void run(Workspace& space, const float* chips, long count, float* features, ResnetRanges* seen = nullptr) const;

 private:
  Stage stage(const FoldedResnet& weights, std::size_t index, const MapShape& in, const ResnetRanges* ranges) const;
  void run_stem(Workspace& space, const float* chips, long count, std::byte* out, ResnetRanges* seen) const;
  void run_stages(Workspace& space, std::size_t last, const Stage& stage, const float* chips, long count,
                  std::byte* out, ResnetRanges* seen) const;

  PackedWeights* store_;
  int input_px_;
  float stem_step_, last_step_;  // what a step of the stem's and of the last map is worth, on bytes
  Stem stem_;
  std::vector<Stage> stages_;
  Stage small_last_;
};

}  // namespace metamict
