// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the few operations that a ResNet is made of: products and convolutions by oneDNN, and the
// copies between them. Maps are channels-last, in float32, bfloat16 or bytes. Everything here runs
// in the calling thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "encoder/resnet/weights.hpp"

namespace metamict {

/// The number type of maps and weights. With int8, map values are whole steps from 0 to 255 (-127
/// to 127 where they may be negative), and weights are whole steps from -127 to 127.
enum class Number { float32, bfloat16, int8 };
constexpr std::size_t size_of(Number number) {
  return number == Number::float32 ? 4 : number == Number::bfloat16 ? 2 : 1;
}
void to_bfloat16(const float* from, std::size_t count,
                 std::uint16_t* to);  ///< to nearest, ties to even

/// What one step is worth in the maps around an operation on bytes. Maps of floats keep the
/// default. A step is the 255th part of the largest value that was seen, or the 127th part where
/// values may be negative.
struct Steps {
  float in = 0, out = 0;
  float added = 0;  ///< in the map that the result is added to
  bool added_is_signed = false;
  bool whole() const { return in > 0; }
};
/// The size of a step when `range` holds `steps` of them. Any size is good when nothing was seen.
inline float step_of(float range, float steps) { return range > 0 ? range / steps : 1.0F; }

/// Uninitialised memory on large pages. 47 MB of weights on small pages would miss the translation
/// buffer every few rows.
class Buffer {
 public:
  /// At least `bytes`, the same memory as long as it is large enough.
  std::byte* at_least(std::size_t bytes);

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

/// The memory of one worker. Every call uses it again. Threads never share it.
struct Workspace {
  explicit Workspace(const dnnl::engine& engine) : stream(engine) {}
  dnnl::stream stream;
  Buffer columns, products, reduced, spatial, gathered, scratch;  // inside a stage
  Buffer frame, stem_map, pooled;
  std::array<Buffer, 5> maps;  // the stem's and each stage's
};

/// The shape of n maps of h x w pixels with c channels, channels last.
struct MapShape {
  long n = 0, h = 0, w = 0, c = 0;
  long rows() const { return n * h * w; }
  std::size_t values() const { return static_cast<std::size_t>(rows() * c); }
};

/// Side of a map after a 3x3 convolution or maximum with padding 1, a 1x1 convolution, or a padded
/// 7x7 one.
constexpr long strided(long side, int stride) { return (side - 1) / stride + 1; }

struct Packed {
  dnnl::memory memory;
  std::shared_ptr<Buffer> pages;  ///< what a large tensor lies in
};

/// Packs weights into the order that a primitive asks for. Primitives that ask for the same order
/// share them.
class PackedWeights {
 public:
  explicit PackedWeights(Number number, int threads = 1)
      : engine_(dnnl::engine::kind::cpu, 0), number_(number), threads_(threads) {}
  const dnnl::engine& engine() const { return engine_; }
  Number number() const { return number_; }
  int threads() const { return threads_; }  ///< that may make primitives at once

  /// Gives a tensor's values when they are to be packed. `room` is memory for values that must be
  /// computed first.
  using Values = std::function<const void*(std::vector<float>& room)>;

  /// Packs `values` from `plain` order to `wanted`. The address `tensor` names the tensor: one
  /// address is one tensor as long as the store lives. Several threads may call it, for different
  /// tensors.
  Packed pack(const void* tensor, const Values& values, const dnnl::memory::desc& plain,
              const dnnl::memory::desc& wanted);

 private:
  struct Entry {
    const void* tensor;
    Packed packed;
  };
  dnnl::engine engine_;
  Number number_;
  int threads_;
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

enum class After {
  nothing,
  relu,
  add_and_relu
};  ///< what follows bias: add_and_relu adds what the output held before

/// One oneDNN primitive with its weights. run() is const and thread-safe, because it works in the
/// caller's memory.
class Operation {
 public:
  /// A product [rows, k] x [k, n], where k is 1 or 9 neighbours times the convolution's channels.
  /// `tensor` names the weights where `conv` itself does not live as long as the store.
  static Operation product(PackedWeights& store, long rows, const FoldedConv& conv, After after,
                           const Steps& steps = {}, const void* tensor = nullptr);
  /// A 3x3 convolution with padding 1, then ReLU, on a map so small that every output pixel sees
  /// every input pixel. It is one product of whole maps, without the zeros that neighbourhoods
  /// would hold.
  static Operation dense(PackedWeights& store, const MapShape& in, const FoldedConv& conv,
                         const Steps& steps = {});
  /// A 3x3 convolution with padding 1, then ReLU.
  static Operation convolution(PackedWeights& store, const MapShape& in, const FoldedConv& conv,
                               int stride, const Steps& steps = {});

  void run(Workspace& space, const std::byte* in, std::byte* out) const;

 private:
  Operation(dnnl::primitive primitive, dnnl::memory::desc scratch)
      : primitive_(std::move(primitive)), scratch_(scratch) {}
  static Operation product_of(PackedWeights& store, const dnnl::memory::dims& rows_k_n,
                              const FoldedConv& conv, const PackedWeights::Values& weights_NK,
                              After after, const Steps& steps, const void* tensor);

  void keep_scales(const std::vector<float>& scales);

  dnnl::primitive primitive_;
  dnnl::memory::desc in_, out_, scratch_;
  Packed weights_;
  dnnl::memory bias_, scales_;  // scales: on bytes, of oneDNN 3
};

/// Copies every `stride`-th pixel of every `stride`-th row.
void subsample(const std::byte* in, const MapShape& shape, int stride, std::size_t number_bytes,
               std::byte* out);

/// Copies 3x3 neighbourhoods (padding 1) as rows of 9 * c values, one row for a pixel every
/// `stride`.
void neighbourhoods(const std::byte* in, const MapShape& shape, int stride,
                    std::size_t number_bytes, std::byte* out);

/// Takes the maximum over 3x3 pixels, stride 2 and padding 1, of one map without negative values.
void maximum_3x3(const std::byte* in, const MapShape& shape, Number number, std::byte* out);

/// Takes the mean over the h x w window of one map whose first pixel is `in`. It writes c values.
struct Window {
  long h, w;
};
void mean_over_window(const std::byte* in, const MapShape& map, Window window, Number number,
                      float* out);

/// The largest magnitude of values in float32 or bfloat16.
float greatest(const std::byte* values, std::size_t count, Number number);

/// Rounds values of float32 or bfloat16 to whole steps. None may be negative.
void to_steps(const std::byte* values, std::size_t count, Number number, float step,
              std::byte* out);

}  // namespace metamict
