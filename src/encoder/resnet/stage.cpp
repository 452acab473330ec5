// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/stage.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <utility>

#include "base/parallel.hpp"

namespace metamict {

namespace {

constexpr long largest_strip =
    1024;  // rows of the stem's product: its columns and map stay in the second-level cache
constexpr std::size_t largest_columns =
    std::size_t{1} << 20;                 // bytes of neighbourhoods at once, for the same reason
constexpr long smallest_winograd_px = 8;  // two tiles a side
constexpr long smallest_direct_px =
    5;  // below, a 3x3 convolution is faster as a product of its neighbourhoods

bool equal(const std::array<float, 3>& values) {
  return values[0] == values[1] && values[1] == values[2];
}
float mean_of(const std::array<float, 3>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0F) / 3.0F;
}

}  // namespace

Stem::Stem(PackedWeights& store, const FoldedConv& conv, const InputScale& scale, long h, long w)
    : number_(store.number()), conv_h_(strided(h, 2)), conv_w_(strided(w, 2)) {
  for (long rows = 1; rows <= conv_h_; ++rows)
    if (conv_h_ % rows == 0 && rows * conv_w_ <= largest_strip) strip_rows_ = rows;
  product_ = Operation::product(store, strip_rows_ * conv_w_, one_or_two_planes(conv, scale),
                                After::relu, {}, conv.weights_OHWI.data());
}

FoldedConv Stem::one_or_two_planes(const FoldedConv& conv, const InputScale& scale) {
  planes_ = equal(scale.mean) && equal(scale.std) ? 1 : 2;
  mean_ = mean_of(scale.mean);
  std_ = mean_of(scale.std);
  FoldedConv result{static_cast<int>(planes_), conv.out, static_cast<int>(taps), {}, conv.bias_O};
  result.weights_OHWI.assign(static_cast<std::size_t>(conv.out * planes_ * taps * taps), 0.0F);
  for (long o = 0; o < conv.out; ++o)
    for (long tap = 0; tap < 49; ++tap) {
      const float* weight = conv.weights_OHWI.data() + (o * 49 + tap) * 3;
      float* grey = result.weights_OHWI.data() + (o * planes_ * taps + tap / 7) * taps + tap % 7;
      for (std::size_t c = 0; c < 3; ++c) {
        grey[0] += weight[c] * (std_ / scale.std[c]);
        if (planes_ == 2) grey[taps * taps] += weight[c] * (mean_ - scale.mean[c]) / scale.std[c];
      }
    }
  return result;
}

template <class T>
void Stem::fill_frame(const Frame& frame, T* planes) const {
  const long area = frame_h() * frame_w();
  std::fill_n(planes, area * planes_, T{});
  std::vector<float> row(static_cast<std::size_t>(frame_w()), 1.0F);
  const auto store = [&](const float* values, T* to) {
    const auto count = static_cast<std::size_t>(frame.right - frame.left);
    if constexpr (std::is_same_v<T, float>)
      std::copy_n(values, count, to);
    else
      to_bfloat16(values, count, to);
  };
  if (planes_ == 2)
    for (long y = frame.top; y < frame.bottom; ++y)
      store(row.data(), planes + area + y * frame_w() + frame.left);
  for (long y = frame.top; y < frame.bottom; ++y) {
    const float* grey = frame.image + (y - margin) * frame.step + (frame.left - margin);
    for (long x = 0; x < frame.right - frame.left; ++x)
      row[static_cast<std::size_t>(x)] = (grey[x] - mean_) / std_;
    store(row.data(), planes + y * frame_w() + frame.left);
  }
}

/// Row (y, x) of the product holds, of each plane, the 8 x 8 pixels whose middle is pixel (2y, 2x)
/// of the image.
void Stem::columns(const std::byte* planes, long first_row, std::byte* out) const {
  const std::size_t bytes = size_of(number_), run = taps * bytes;
  for (long y = first_row; y < first_row + strip_rows_; ++y)
    for (long x = 0; x < conv_w_; ++x)
      for (long plane = 0; plane < planes_; ++plane) {
        const std::byte* from =
            planes +
            static_cast<std::size_t>((plane * frame_h() + 2 * y) * frame_w() + 2 * x) * bytes;
        for (long i = 0; i < taps;
             ++i, out += run, from += static_cast<std::size_t>(frame_w()) * bytes) {
          if (number_ == Number::bfloat16)
            std::memcpy(out, from, taps * 2);  // a size known here is one instruction
          else
            std::memcpy(out, from, taps * 4);
        }
      }
}

void Stem::run(Workspace& space, const Frame& frame, std::byte* out) const {
  const std::size_t bytes = size_of(number_);
  std::byte* planes =
      space.frame.at_least(static_cast<std::size_t>(planes_ * frame_h() * frame_w()) * bytes);
  if (number_ == Number::bfloat16)
    fill_frame(frame, reinterpret_cast<std::uint16_t*>(planes));
  else
    fill_frame(frame, reinterpret_cast<float*>(planes));
  const MapShape map{1, conv_h_, conv_w_, 64};
  std::byte* conv = space.stem_map.at_least(map.values() * bytes);
  std::byte* rows = space.columns.at_least(
      static_cast<std::size_t>(strip_rows_ * conv_w_ * planes_ * taps * taps) * bytes);
  for (long y = 0; y < conv_h_; y += strip_rows_) {
    columns(planes, y, rows);
    product_->run(space, rows, conv + static_cast<std::size_t>(y * conv_w_ * 64) * bytes);
  }
  maximum_3x3(conv, map, number_, out);
}

Stage::Block Stage::compile(PackedWeights& store, const FoldedBottleneck& weights,
                            const MapShape& in, const BlockSteps& steps, bool winograd) {
  const int stride = weights.stride;
  MapShape inner = in, middle = in;
  inner.c = middle.c = weights.reduce.out;
  middle.h = strided(in.h, stride);
  middle.w = strided(in.w, stride);
  const long rows = middle.rows();
  const Steps of_reduce{steps.in, steps.reduce}, of_spatial{steps.reduce, steps.spatial};
  const Steps of_shortcut{steps.in, steps.shortcut};
  const Steps of_expand{steps.spatial, steps.out, weights.shortcut ? steps.shortcut : steps.in,
                        weights.shortcut.has_value()};
  const std::size_t number_bytes = of_reduce.whole() ? 1 : size_of(store.number());
  const std::size_t neighbourhood_bytes =
      9 * middle.values() / static_cast<std::size_t>(in.n) * number_bytes;
  long together = in.n;  // a power of two of them, or a single map
  while (together % 2 == 0 &&
         static_cast<std::size_t>(together) * neighbourhood_bytes > largest_columns)
    together /= 2;
  const auto spatial = [&](Way way) -> std::variant<Operation, Winograd> {
    if (way == Way::winograd) return Winograd(store, inner, weights.spatial);
    if (way == Way::dense) return Operation::dense(store, inner, weights.spatial, of_spatial);
    if (way == Way::neighbourhoods)
      return Operation::product(store, rows / in.n * together, weights.spatial, After::relu,
                                of_spatial);
    return Operation::convolution(store, inner, weights.spatial, stride, of_spatial);
  };
  const bool all_see_all = stride == 1 && in.h == in.w && in.h <= 2;
  const bool small = std::min(middle.h, middle.w) < smallest_direct_px;
  winograd = winograd && store.number() == Number::float32 && stride == 1 &&
             std::min(in.h, in.w) >= smallest_winograd_px;
  const Way way = all_see_all ? Way::dense
                  : small     ? Way::neighbourhoods
                  : winograd  ? Way::winograd
                              : Way::convolution;
  Block block{in,
              middle,
              stride,
              weights.expand.out,
              way,
              together,
              Operation::product(store, in.rows(), weights.reduce, After::relu, of_reduce),
              spatial(way),
              Operation::product(store, rows, weights.expand, After::add_and_relu, of_expand),
              std::nullopt};
  if (weights.shortcut)
    block.shortcut =
        Operation::product(store, rows, *weights.shortcut, After::nothing, of_shortcut);
  return block;
}

std::vector<Stage::BlockSteps> Stage::steps_of(float range_in,
                                               const std::vector<BlockRanges>& ranges) {
  std::vector<BlockSteps> steps;
  for (const BlockRanges& range : ranges) {
    steps.push_back({step_of(range_in, 255), step_of(range.reduce, 255),
                     step_of(range.spatial, 255), step_of(range.shortcut, 127),
                     step_of(range.out, 255)});
    range_in = range.out;
  }
  return steps;
}

Stage::Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in,
             bool winograd)
    : Stage(store, blocks, in, std::vector<BlockSteps>(blocks.size()), winograd) {}

Stage::Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in,
             float range_in, const std::vector<BlockRanges>& ranges)
    : Stage(store, blocks, in, steps_of(range_in, ranges)) {}

Stage::Stage(PackedWeights& store, const std::vector<FoldedBottleneck>& blocks, const MapShape& in,
             const std::vector<BlockSteps>& steps, bool winograd)
    : number_(steps.front().in > 0 ? Number::int8 : store.number()) {
  std::vector<MapShape> shapes{in};
  for (const FoldedBottleneck& weights : blocks)
    shapes.push_back({in.n, strided(shapes.back().h, weights.stride),
                      strided(shapes.back().w, weights.stride), weights.expand.out});
  std::vector<std::optional<Block>> compiled(blocks.size());
  parallel_for(blocks.size(), store.threads(), [&](std::size_t, std::size_t i) {
    compiled[i] = compile(store, blocks[i], shapes[i], steps[i], winograd);
  });
  for (std::optional<Block>& block : compiled) blocks_.push_back(std::move(*block));
}

MapShape Stage::out() const {
  MapShape shape = blocks_.back().middle;
  shape.c = blocks_.back().out_channels;
  return shape;
}

void Stage::run(Workspace& space, const std::byte* in, std::byte* out,
                std::vector<BlockRanges>* seen) const {
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    run_block(blocks_[i], space, in, out, seen == nullptr ? nullptr : &(*seen)[i]);
    in = out;  // from the second block on the map is changed in place
  }
}

void Stage::run_block(const Block& block, Workspace& space, const std::byte* in, std::byte* out,
                      BlockRanges* seen) const {
  const auto look = [&](float BlockRanges::*range, const std::byte* map, std::size_t values) {
    if (seen != nullptr) seen->*range = std::max(seen->*range, greatest(map, values, number_));
  };
  MapShape last = block.middle;
  last.c = block.out_channels;
  const MapShape inner{block.in.n, block.in.h, block.in.w, block.middle.c};
  std::byte* reduced = space.reduced.at_least(inner.values() * size_of(number_));
  std::byte* spatial = space.spatial.at_least(block.middle.values() * size_of(number_));
  block.reduce.run(space, in, reduced);
  look(&BlockRanges::reduce, reduced, inner.values());
  if (block.way == Way::neighbourhoods)
    run_neighbourhoods(block, space, reduced, spatial);
  else if (const auto* winograd = std::get_if<Winograd>(&block.spatial))
    winograd->run(space, reinterpret_cast<const float*>(reduced),
                  reinterpret_cast<float*>(spatial));
  else
    std::get<Operation>(block.spatial).run(space, reduced, spatial);
  look(&BlockRanges::spatial, spatial, block.middle.values());
  if (block.shortcut) {
    if (block.stride > 1) {
      const std::size_t values = static_cast<std::size_t>(block.middle.rows() * block.in.c);
      std::byte* gathered = space.gathered.at_least(values * size_of(number_));
      subsample(in, block.in, block.stride, size_of(number_), gathered);
      in = gathered;
    }
    block.shortcut->run(space, in, out);
    look(&BlockRanges::shortcut, out, last.values());
  }
  block.expand.run(space, spatial, out);
  look(&BlockRanges::out, out, last.values());
}

void Stage::run_neighbourhoods(const Block& block, Workspace& space, const std::byte* in,
                               std::byte* out) const {
  MapShape from = block.in, to = block.middle;
  from.n = to.n = block.together;
  from.c = to.c;
  std::byte* columns = space.columns.at_least(9 * to.values() * size_of(number_));
  for (long n = 0; n < block.in.n; n += block.together, in += from.values() * size_of(number_),
            out += to.values() * size_of(number_)) {
    neighbourhoods(in, from, block.stride, size_of(number_), columns);
    std::get<Operation>(block.spatial).run(space, columns, out);
  }
}

}  // namespace metamict
