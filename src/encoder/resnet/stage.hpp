// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a ResNet between its pixels and its last map, compiled for maps of one size.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "encoder/resnet/operations.hpp"
#include "encoder/resnet/weights.hpp"

namespace metamict {

/// What stands before the network: channel c of its input is (grey - mean[c]) / std[c] inside the image and 0 outside.
struct InputScale {
  std::array<float, 3> mean{}, std{1, 1, 1};
};

/// An image and what of its surroundings exists, as part of a frame that begins Stem::margin pixels before the image's
/// first row and column. `image` is the image's first pixel, rows are `step` floats apart; only rows [top, bottom) and
/// columns [left, right) of the frame are read, the rest counts as outside.
struct Frame {
  const float* image = nullptr;
  std::ptrdiff_t step = 0;
  long top = 0, bottom = 0, left = 0, right = 0;
};

/// Grey pixels to the first stage's input: 7x7 convolution with stride 2, then the 3x3 maximum with stride 2. Three
/// equal channels are one, with the weights added; channels scaled differently are two (grey, and 1 inside the image),
/// which is exact too.
class Stem {
 public:
  /// For images of h x w pixels.
  Stem(PackedWeights& store, const FoldedConv& conv, const InputScale& scale, long h, long w);
  MapShape out() const { return {1, strided(conv_h_, 2), strided(conv_w_, 2), 64}; }

  /// The frame is frame_h() x frame_w() pixels.
  void run(Workspace& space, const Frame& frame, std::byte* out) const;
  static constexpr long margin = 3;
  long frame_h() const { return 2 * (conv_h_ - 1) + taps; }
  long frame_w() const { return 2 * (conv_w_ - 1) + taps; }

 private:
  static constexpr long taps = 8;  // the 7 taps a side and one of weight 0, so that rows are whole vectors
  FoldedConv one_or_two_planes(const FoldedConv& conv, const InputScale& scale);
  template <class T>
  void fill_frame(const Frame& frame, T* planes) const;
  void columns(const std::byte* planes, long first_row, std::byte* out) const;

  Number number_;
  long conv_h_, conv_w_, strip_rows_ = 1, planes_ = 1;
  float mean_ = 0, std_ = 1;
  std::optional<Operation> product_;  // of strip_rows_ rows of the convolution's map
};

/// The largest values seen in the maps of one bottleneck; the shortcut's may be negative.
struct BlockRanges {
  float reduce = 0, spatial = 0, shortcut = 0, out = 0;
};

/// The bottlenecks of one stage.
class Stage {
 public:
  Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in);
  /// On bytes: the maps' ranges and that of the map before, which are what 255 steps are worth.
  Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in, float range_in,
        const std::vector<BlockRanges>& ranges);
  const MapShape& in() const { return blocks_.front().in; }
  MapShape out() const;
  Number number() const { return number_; }
  /// `in` and `out` are different memory. `seen`, of as many as there are bottlenecks, is widened by what the maps
  /// hold.
  void run(Workspace& space, const std::byte* in, std::byte* out, std::vector<BlockRanges>* seen = nullptr) const;

 private:
  enum class Way { convolution, neighbourhoods, dense };  // how a 3x3 convolution is done
  struct Block {
    MapShape in, middle;  // middle: after the 3x3
    int stride;
    long out_channels;
    Way way;
    long together;  // maps whose neighbourhoods are copied out at once
    Operation reduce, spatial, expand;
    std::optional<Operation> shortcut;
  };
  /// What the steps of a bottleneck's maps are worth; 0 where they hold floats.
  struct BlockSteps {
    float in = 0, reduce = 0, spatial = 0, shortcut = 0, out = 0;
  };
  Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in,
        const std::vector<BlockSteps>& steps);
  static std::vector<BlockSteps> steps_of(float range_in, const std::vector<BlockRanges>& ranges);
  static Block compile(PackedWeights& store, const FoldedBottleneck& weights, const MapShape& in,
                       const BlockSteps& steps);
  void run_block(const Block& block, Workspace& space, const std::byte* in, std::byte* out, BlockRanges* seen) const;
  void run_neighbourhoods(const Block& block, Workspace& space, const std::byte* in, std::byte* out) const;

  Number number_;
  std::vector<Block> blocks_;
};

}  // namespace metamict
