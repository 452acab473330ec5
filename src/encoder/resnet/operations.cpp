// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/operations.hpp"

#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unordered_map>

namespace metamict {

using dnnl::memory;

namespace {

memory::data_type type_of(Number number) {
  return number == Number::float32 ? memory::data_type::f32 : memory::data_type::bf16;
}

constexpr std::size_t page = std::size_t{2} << 20;

// bfloat16 without a sign compares like the whole numbers with the same bits.
template <class T>
void maximum_3x3_of(const T* in, const MapShape& shape, T* out) {
  const long h = strided(shape.h, 2), w = strided(shape.w, 2), c = shape.c;
  for (long y = 0; y < h; ++y)
    for (long x = 0; x < w; ++x, out += c) {
      const long top = std::max(0L, 2 * y - 1), bottom = std::min(shape.h - 1, 2 * y + 1);
      const long left = std::max(0L, 2 * x - 1), right = std::min(shape.w - 1, 2 * x + 1);
      std::fill_n(out, c, T{});
      for (long i = top; i <= bottom; ++i)
        for (long j = left; j <= right; ++j) {
          const T* pixel = in + (i * shape.w + j) * c;
          for (long k = 0; k < c; ++k) out[k] = std::max(out[k], pixel[k]);
        }
    }
}

/// The float that an element holds: a float itself, a bfloat16 by its bits.
float value_of(float x) { return x; }
float value_of(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}
float value_of(std::uint8_t steps) { return static_cast<float>(steps); }

template <class T>
float greatest_of(const T* values, std::size_t count) {
  float most = 0;
  for (std::size_t i = 0; i < count; ++i) most = std::max(most, std::abs(value_of(values[i])));
  return most;
}

template <class T>
void to_steps_of(const T* values, std::size_t count, float step, std::uint8_t* out) {
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<std::uint8_t>(std::min(value_of(values[i]) / step, 255.0F) + 0.5F);
}

template <class T>
void mean_over_window_of(const T* in, const MapShape& map, Window window, float* out) {
  std::fill_n(out, map.c, 0.0F);
  for (long y = 0; y < window.h; ++y)
    for (long x = 0; x < window.w; ++x) {
      const T* pixel = in + (y * map.w + x) * map.c;
      for (long k = 0; k < map.c; ++k) out[k] += value_of(pixel[k]);
    }
  for (long k = 0; k < map.c; ++k) out[k] /= static_cast<float>(window.h * window.w);
}

/// Sets the number of threads to 1 for its lifetime, because oneDNN bakes that number into a
/// primitive it makes.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// What a step of each output channel's weights is worth.
std::vector<float> weight_steps(const FoldedConv& conv) {
  std::vector<float> steps;
  const std::size_t each = conv.weights_OHWI.size() / static_cast<std::size_t>(conv.out);
  for (auto at = conv.weights_OHWI.begin(); at != conv.weights_OHWI.end();
       at += static_cast<std::ptrdiff_t>(each)) {
    float most = 0;
    for (std::size_t k = 0; k < each; ++k)
      most = std::max(most, std::abs(at[static_cast<std::ptrdiff_t>(k)]));
    steps.push_back(most > 0 ? most / 127 : 1.0F);
  }
  return steps;
}

/// Rounds rows of weights to steps. Row n belongs to output channel n mod the number of channels.
std::vector<std::int8_t> whole_weights(const float* weights_NK, std::size_t n, std::size_t k,
                                       const std::vector<float>& steps) {
  std::vector<std::int8_t> whole(n * k);
  for (std::size_t row = 0; row < n; ++row)
    for (std::size_t i = 0; i < k; ++i)
      whole[row * k + i] =
          static_cast<std::int8_t>(std::lrint(weights_NK[row * k + i] / steps[row % steps.size()]));
  return whole;
}

/// On bytes, turns sums of products of steps into steps of the output; on floats it is the bias
/// only. oneDNN 2 adds the bias before it scales, oneDNN 3 after.
struct Scaling {
  std::vector<float> weight_steps, scales, bias;  // the last two for each of n rows of weights
};

Scaling scaling_of(const FoldedConv& conv, std::size_t n, const Steps& steps) {
  Scaling scaling;
  if (steps.whole()) scaling.weight_steps = weight_steps(conv);
  for (std::size_t row = 0; row < n; ++row) {
    const std::size_t channel = row % conv.bias_O.size();
    float unit = 1;
    if (steps.whole()) {
      const float worth = steps.in * scaling.weight_steps[channel];
      scaling.scales.push_back(worth / steps.out);
      unit = DNNL_VERSION_MAJOR >= 3 ? steps.out : worth;
    }
    scaling.bias.push_back(conv.bias_O[channel] / unit);
  }
  return scaling;
}

/// channel_axis: of the weights.
dnnl::primitive_attr attributes(After after, const Steps& steps, const std::vector<float>& scales,
                                [[maybe_unused]] int channel_axis) {
  dnnl::primitive_attr attr;
  dnnl::post_ops operations;
  const bool add = after == After::add_and_relu;
  const auto added = steps.added_is_signed ? memory::data_type::s8 : memory::data_type::u8;
  if (add && !steps.whole()) operations.append_sum(1.0F);
#if DNNL_VERSION_MAJOR >= 3
  if (add && steps.whole()) operations.append_sum(steps.added / steps.out, 0, added);
  if (after != After::nothing) operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  if (!scales.empty())
    attr.set_scales_mask(DNNL_ARG_WEIGHTS, 1 << channel_axis);  // given to every run
#else
  if (add && steps.whole()) operations.append_sum(steps.added / steps.out, added);
  if (after != After::nothing)
    operations.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
  constexpr int channels_of_output = 1 << 1;
  if (!scales.empty()) attr.set_output_scales(channels_of_output, scales);
#endif
  attr.set_post_ops(operations);
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // the library's own belongs to the thread
                                                          // that made the primitive
  return attr;
}

dnnl::matmul::primitive_desc product_desc(const dnnl::engine& engine, const memory::desc& a,
                                          const memory::desc& b, const memory::desc& bias,
                                          const memory::desc& c, const dnnl::primitive_attr& attr) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, a, b, bias, c, attr};
#else
  return {{a, b, bias, c}, attr, engine};
#endif
}

dnnl::convolution_forward::primitive_desc convolution_desc(const dnnl::engine& engine,
                                                           const memory::desc& in,
                                                           const memory::desc& weights,
                                                           const memory::desc& bias,
                                                           const memory::desc& out, int stride,
                                                           const dnnl::primitive_attr& attr) {
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const memory::dims strides = {stride, stride}, padding = {1, 1};
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kind, algorithm, in, weights, bias, out, strides, padding, padding, attr};
#else
  return {{kind, algorithm, in, weights, bias, out, strides, padding, padding}, attr, engine};
#endif
}

memory copy_of(const dnnl::engine& engine, const memory::desc& desc,
               const std::vector<float>& values) {
  memory copy(desc, engine);
  std::memcpy(copy.get_data_handle(), values.data(), desc.get_size());
  return copy;
}

}  // namespace

void to_bfloat16(const float* from, std::size_t count, std::uint16_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(from[i]);
    to[i] = static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
  }
}

void Buffer::Free::operator()(std::byte* p) const { std::free(p); }

std::byte* Buffer::at_least(std::size_t bytes) {
  if (bytes > size_) {
    size_ = (bytes + page - 1) / page * page;
    data_.reset();
    data_.reset(static_cast<std::byte*>(std::aligned_alloc(page, size_)));
    if (!data_) throw std::bad_alloc();
    madvise(data_.get(), size_, MADV_HUGEPAGE);  // a wish: small pages do as well, slower
  }
  return data_.get();
}

Packed PackedWeights::pack(const void* tensor, const Values& values, const memory::desc& plain,
                           const memory::desc& wanted) {
  {
    const std::scoped_lock lock(mutex_);
    for (const Entry& entry : entries_)
      if (entry.tensor == tensor && entry.packed.memory.get_desc() == wanted) return entry.packed;
  }
  Packed packed;
  if (wanted.get_size() >= page / 2) packed.pages = std::make_shared<Buffer>();
  packed.memory = packed.pages ? memory(wanted, engine_, packed.pages->at_least(wanted.get_size()))
                               : memory(wanted, engine_);
  std::vector<float> room;
  memory from(plain, engine_,
              const_cast<void*>(values(room)));  // oneDNN has no read-only memory; it is only read
  dnnl::stream stream(engine_);
  dnnl::reorder(from, packed.memory).execute(stream, from, packed.memory);
  const std::scoped_lock lock(mutex_);
  entries_.push_back({tensor, packed});
  return packed;
}

Operation Operation::product_of(PackedWeights& store, const memory::dims& rows_k_n,
                                const FoldedConv& conv, const PackedWeights::Values& weights_NK,
                                After after, const Steps& steps, const void* tensor) {
  const OneThread scope;
  const memory::dim rows = rows_k_n[0], k = rows_k_n[1], n = rows_k_n[2];
  const auto type = type_of(store.number());
  const bool whole = steps.whole();
  const memory::desc a({rows, k}, whole ? memory::data_type::u8 : type, memory::format_tag::ab);
  const memory::desc b({k, n}, whole ? memory::data_type::s8 : type, memory::format_tag::any);
  const memory::desc c({rows, n},
                       !whole                    ? type
                       : after == After::nothing ? memory::data_type::s8
                                                 : memory::data_type::u8,
                       memory::format_tag::ab);
  const memory::desc bias({1, n}, memory::data_type::f32, memory::format_tag::ab);
  const auto channels = static_cast<std::size_t>(n), taps = static_cast<std::size_t>(k);
  const Scaling scaling = scaling_of(conv, channels, steps);
  const auto desc =
      product_desc(store.engine(), a, b, bias, c, attributes(after, steps, scaling.scales, 1));
  Operation op(dnnl::matmul(desc), desc.scratchpad_desc());
  op.in_ = a;
  op.out_ = c;
  std::vector<std::int8_t> in_steps;
  const PackedWeights::Values values = [&](std::vector<float>& room) -> const void* {
    const void* floats = weights_NK(room);
    if (!whole) return floats;
    in_steps =
        whole_weights(static_cast<const float*>(floats), channels, taps, scaling.weight_steps);
    return in_steps.data();
  };
  op.weights_ = store.pack(
      tensor, values,
      {{k, n}, whole ? memory::data_type::s8 : memory::data_type::f32, memory::format_tag::ba},
      desc.weights_desc());
  op.bias_ = copy_of(store.engine(), bias, scaling.bias);
  op.keep_scales(scaling.scales);
  return op;
}

Operation Operation::product(PackedWeights& store, long rows, const FoldedConv& conv, After after,
                             const Steps& steps, const void* tensor) {
  const memory::dim k = static_cast<long>(conv.weights_OHWI.size()) / conv.out;
  return product_of(
      store, {rows, k, conv.out}, conv,
      [&](std::vector<float>&) { return conv.weights_OHWI.data(); }, after, steps,
      tensor != nullptr ? tensor : conv.weights_OHWI.data());
}

Operation Operation::dense(PackedWeights& store, const MapShape& in, const FoldedConv& conv,
                           const Steps& steps) {
  const long area = in.h * in.w;
  const auto weights_NK = [&](std::vector<float>& room) -> const float* {
    room.resize(static_cast<std::size_t>(area * area * conv.out * conv.in));
    float* to = room.data();
    for (long p = 0; p < area; ++p)
      for (long o = 0; o < conv.out; ++o)
        for (long q = 0; q < area; ++q, to += conv.in) {
          const long dy = q / in.w - p / in.w + 1, dx = q % in.w - p % in.w + 1;
          std::copy_n(conv.weights_OHWI.data() + ((o * 3 + dy) * 3 + dx) * conv.in, conv.in, to);
        }
    return room.data();
  };
  return product_of(store, {in.n, area * conv.in, area * conv.out}, conv, weights_NK, After::relu,
                    steps, conv.weights_OHWI.data());
}

Operation Operation::convolution(PackedWeights& store, const MapShape& in, const FoldedConv& conv,
                                 int stride, const Steps& steps) {
  const OneThread scope;
  const bool whole = steps.whole();
  const auto type = whole ? memory::data_type::u8 : type_of(store.number());
  const memory::desc from({in.n, in.c, in.h, in.w}, type, memory::format_tag::nhwc);
  const memory::desc to({in.n, conv.out, strided(in.h, stride), strided(in.w, stride)}, type,
                        memory::format_tag::nhwc);
  const memory::desc bias({conv.out}, memory::data_type::f32, memory::format_tag::x);
  const memory::dims sizes = {conv.out, conv.in, 3, 3};
  const memory::desc any(sizes, whole ? memory::data_type::s8 : type, memory::format_tag::any);
  const auto channels = static_cast<std::size_t>(conv.out);
  const Scaling scaling = scaling_of(conv, channels, steps);
  const auto desc = convolution_desc(store.engine(), from, any, bias, to, stride,
                                     attributes(After::relu, steps, scaling.scales, 0));
  Operation op(dnnl::convolution_forward(desc), desc.scratchpad_desc());
  op.in_ = from;
  op.out_ = to;
  std::vector<std::int8_t> in_steps;
  const PackedWeights::Values values = [&](std::vector<float>&) -> const void* {
    if (!whole) return conv.weights_OHWI.data();
    in_steps = whole_weights(conv.weights_OHWI.data(), channels,
                             conv.weights_OHWI.size() / channels, scaling.weight_steps);
    return in_steps.data();
  };
  const memory::desc plain(sizes, whole ? memory::data_type::s8 : memory::data_type::f32,
                           memory::format_tag::acdb);
  op.weights_ = store.pack(conv.weights_OHWI.data(), values, plain, desc.weights_desc());
  op.bias_ = copy_of(store.engine(), bias, scaling.bias);
  op.keep_scales(scaling.scales);
  return op;
}

void Operation::keep_scales([[maybe_unused]] const std::vector<float>& scales) {
#if DNNL_VERSION_MAJOR >= 3
  if (scales.empty()) return;
  const memory::desc desc({static_cast<memory::dim>(scales.size())}, memory::data_type::f32,
                          memory::format_tag::x);
  scales_ = copy_of(bias_.get_engine(), desc, scales);
#endif
}

void Operation::run(Workspace& space, const std::byte* in, std::byte* out) const {
  const dnnl::engine engine = bias_.get_engine();
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, memory(in_, engine, const_cast<std::byte*>(in))},
      {DNNL_ARG_WEIGHTS, weights_.memory},
      {DNNL_ARG_BIAS, bias_},
      {DNNL_ARG_DST, memory(out_, engine, out)},
      {DNNL_ARG_SCRATCHPAD, memory(scratch_, engine, space.scratch.at_least(scratch_.get_size()))}};
#if DNNL_VERSION_MAJOR >= 3
  if (scales_) arguments.emplace(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, scales_);
#endif
  primitive_.execute(space.stream, arguments);
}

void subsample(const std::byte* in, const MapShape& shape, int stride, std::size_t number_bytes,
               std::byte* out) {
  const std::size_t pixel = static_cast<std::size_t>(shape.c) * number_bytes;
  for (long n = 0; n < shape.n; ++n)
    for (long y = 0; y < shape.h; y += stride)
      for (long x = 0; x < shape.w; x += stride, out += pixel)
        std::memcpy(out, in + static_cast<std::size_t>((n * shape.h + y) * shape.w + x) * pixel,
                    pixel);
}

void neighbourhoods(const std::byte* in, const MapShape& shape, int stride,
                    std::size_t number_bytes, std::byte* out) {
  const std::size_t pixel = static_cast<std::size_t>(shape.c) * number_bytes;
  const auto inside = [](long i, long side) { return i >= 0 && i < side; };
  for (long n = 0; n < shape.n; ++n)
    for (long y = 0; y < shape.h; y += stride)
      for (long x = 0; x < shape.w; x += stride)
        for (long i = y - 1; i <= y + 1; ++i)
          for (long j = x - 1; j <= x + 1; ++j, out += pixel)
            if (inside(i, shape.h) && inside(j, shape.w))
              std::memcpy(out,
                          in + static_cast<std::size_t>((n * shape.h + i) * shape.w + j) * pixel,
                          pixel);
            else
              std::memset(out, 0, pixel);
}

void maximum_3x3(const std::byte* in, const MapShape& shape, Number number, std::byte* out) {
  if (number == Number::float32)
    maximum_3x3_of(reinterpret_cast<const float*>(in), shape, reinterpret_cast<float*>(out));
  else
    maximum_3x3_of(reinterpret_cast<const std::int16_t*>(in), shape,
                   reinterpret_cast<std::int16_t*>(out));
}

void mean_over_window(const std::byte* in, const MapShape& map, Window window, Number number,
                      float* out) {
  if (number == Number::float32)
    mean_over_window_of(reinterpret_cast<const float*>(in), map, window, out);
  else if (number == Number::bfloat16)
    mean_over_window_of(reinterpret_cast<const std::uint16_t*>(in), map, window, out);
  else
    mean_over_window_of(reinterpret_cast<const std::uint8_t*>(in), map, window, out);
}

float greatest(const std::byte* values, std::size_t count, Number number) {
  return number == Number::float32
             ? greatest_of(reinterpret_cast<const float*>(values), count)
             : greatest_of(reinterpret_cast<const std::uint16_t*>(values), count);
}

void to_steps(const std::byte* values, std::size_t count, Number number, float step,
              std::byte* out) {
  auto* steps = reinterpret_cast<std::uint8_t*>(out);
  if (number == Number::float32)
    to_steps_of(reinterpret_cast<const float*>(values), count, step, steps);
  else
    to_steps_of(reinterpret_cast<const std::uint16_t*>(values), count, step, steps);
}

}  // namespace metamict
