// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a ResNet50 on the processor by oneDNN alone, several times faster than LibTorch does. Batch
// normalisation is folded into the weights. Bias, addition and ReLU are fused into each product.
// Chips run in groups whose maps stay in the second-level cache.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "encoder/resnet/stage.hpp"

namespace metamict {

/// How many chips go through each stage together. Each is a multiple of the one before, and the
/// last is the batch.
using Groups = std::array<long, 4>;

/// The largest values seen in every map.
struct ResnetRanges {
  float stem = 0;
  std::array<std::vector<BlockRanges>, 4> stages;
  explicit ResnetRanges(const FoldedResnet& net);  ///< nothing seen yet
  void widen(const ResnetRanges& other);
};

/// Embeds chips one by one, as the paper does. Each chip is an image of its own with zeros around
/// it.
class ResnetExecutor {
 public:
  /// Packs the weights into `store`, which must outlive it. Stem and stages compute in the store's
  /// number type. With `ranges`, measured by an executor on floats, stages compute on bytes and
  /// values beyond the ranges are cut off.
  ResnetExecutor(PackedWeights& store, const FoldedResnet& weights, int input_px,
                 const InputScale& scale, const ResnetRanges* ranges = nullptr);

  /// Chooses groups whose maps stay in a second-level cache of 2 MiB. The last stage gets more
  /// chips, which share its large weights.
  static Groups best_groups(int input_px, Number number);

  int input_px() const { return input_px_; }
  Number number() const { return stages_.front().number(); }
  /// The number of chips that one call does fastest, and the smaller number that is fastest for the
  /// rest.
  long batch() const { return stages_.back().in().n; }
  long small_batch() const { return small_last_.in().n; }
  std::unique_ptr<Workspace> workspace() const {
    return std::make_unique<Workspace>(store_->engine());
  }

  /// Writes the features of `count` <= batch() chips of input_px² grey values each: count x
  /// resnet50_features. `seen` is widened to what the maps hold. With it, `count` must be
  /// small_batch(), so that the maps hold nothing from an earlier call.
  void run(Workspace& space, const float* chips, long count, float* features,
           ResnetRanges* seen = nullptr) const;

 private:
  Stage stage(const FoldedResnet& weights, std::size_t index, const MapShape& in,
              const ResnetRanges* ranges) const;
  void run_stem(Workspace& space, const float* chips, long count, std::byte* out,
                ResnetRanges* seen) const;
  void run_stages(Workspace& space, std::size_t last, const Stage& stage, const float* chips,
                  long count, std::byte* out, ResnetRanges* seen) const;

  PackedWeights* store_;
  int input_px_;
  float stem_step_, last_step_;  // what a step of the stem's and of the last map is worth, on bytes
  Stem stem_;
  std::vector<Stage> stages_;
  Stage small_last_;
};

}  // namespace metamict
