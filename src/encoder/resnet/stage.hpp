// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the parts of a ResNet from its pixels to its last map. Each is compiled for maps of one
// size.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "encoder/resnet/operations.hpp"
#include "encoder/resnet/weights.hpp"
#include "encoder/resnet/winograd.hpp"

namespace metamict {

/// How grey becomes the network's input: channel c is (grey - mean[c]) / std[c] inside the image
/// and 0 outside.
struct InputScale {
  std::array<float, 3> mean{}, std{1, 1, 1};
};

/// An image inside a frame that begins Stem::margin pixels before the image's first row and column.
/// `image` is the first pixel of the image, and rows are `step` floats apart. Only rows [top,
/// bottom) and columns [left, right) of the frame are read. The rest counts as outside.
struct Frame {
  const float* image = nullptr;
  std::ptrdiff_t step = 0;
  long top = 0, bottom = 0, left = 0, right = 0;
};

/// Turns grey pixels into the first stage's input: a 7x7 convolution with stride 2, then a 3x3
/// maximum with stride 2. Three equal channels become one, with their weights added. Channels that
/// are scaled differently become two: the grey, and 1 inside the image. Both ways are exact.
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
  static constexpr long taps =
      8;  // the 7 taps a side and one of weight 0, so that rows are whole vectors
  FoldedConv one_or_two_planes(const FoldedConv& conv, const InputScale& scale);
  template <class T>
  void fill_frame(const Frame& frame, T* planes) const;
  void columns(const std::byte* planes, long first_row, std::byte* out) const;

  Number number_;
  long conv_h_, conv_w_, strip_rows_ = 1, planes_ = 1;
  float mean_ = 0, std_ = 1;
  std::optional<Operation> product_;  // of strip_rows_ rows of the convolution's map
};

/// The largest magnitudes seen in the maps of one bottleneck. Values of the shortcut may be
/// negative.
struct BlockRanges {
  float reduce = 0, spatial = 0, shortcut = 0, out = 0;
};

/// The bottlenecks of one stage.
class Stage {
 public:
  /// `winograd` allows 3x3 convolutions of float32 maps by Winograd's algorithm, which is faster
  /// and rounds otherwise.
  Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in,
        bool winograd = false);
  /// Computes on bytes. `range_in` is the range of the map before, `ranges` those of its own maps:
  /// 255 steps each.
  Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in,
        float range_in, const std::vector<BlockRanges>& ranges);
  const MapShape& in() const { return blocks_.front().in; }
  MapShape out() const;
  Number number() const { return number_; }
  /// `in` and `out` must be different memory. `seen` has one entry per bottleneck and is widened to
  /// what the maps hold.
  void run(Workspace& space, const std::byte* in, std::byte* out,
           std::vector<BlockRanges>* seen = nullptr) const;

 private:
  enum class Way { convolution, neighbourhoods, dense, winograd };  // how a 3x3 convolution is done
  struct Block {
    MapShape in, middle;  // middle: after the 3x3
    int stride;
    long out_channels;
    Way way;
    long together;  // maps whose neighbourhoods are copied out at once
    Operation reduce;
    std::variant<Operation, Winograd> spatial;
    Operation expand;
    std::optional<Operation> shortcut;
  };
  /// What a step is worth in each map of a bottleneck. It is 0 where maps hold floats.
  struct BlockSteps {
    float in = 0, reduce = 0, spatial = 0, shortcut = 0, out = 0;
  };
  Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in,
        const std::vector<BlockSteps>& steps, bool winograd = false);
  static std::vector<BlockSteps> steps_of(float range_in, const std::vector<BlockRanges>& ranges);
  static Block compile(PackedWeights& store, const FoldedBottleneck& weights, const MapShape& in,
                       const BlockSteps& steps, bool winograd);
  void run_block(const Block& block, Workspace& space, const std::byte* in, std::byte* out,
                 BlockRanges* seen) const;
  void run_neighbourhoods(const Block& block, Workspace& space, const std::byte* in,
                          std::byte* out) const;

  Number number_;
  std::vector<Block> blocks_;
};

}  // namespace metamict
