// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/resnet/winograd.hpp"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <array>

#include "base/clones.hpp"

namespace metamict {

namespace {

constexpr long output_px = 4, input_px = 6, places = input_px * input_px;
constexpr long lanes = 16;  // channels at once
/// Tiles at once: enough rows for a product at full speed, few enough for the third-level cache.
constexpr long tiles_at_once = 256;

using Lanes = std::array<float, lanes>;

/// One row or column of an input tile: Bt d.
inline void transform_input(const Lanes* d, Lanes* to, long step) {
  for (long k = 0; k < lanes; ++k) {
    const float d0 = d[0][k], d1 = d[step][k], d2 = d[2 * step][k], d3 = d[3 * step][k],
                d4 = d[4 * step][k], d5 = d[5 * step][k];
    const float even = d4 - 4 * d2, odd = d3 - 4 * d1, outer = d4 - d2, inner = 2 * (d3 - d1);
    to[0][k] = 4 * d0 - 5 * d2 + d4;
    to[step][k] = even + odd;
    to[2 * step][k] = even - odd;
    to[3 * step][k] = outer + inner;
    to[4 * step][k] = outer - inner;
    to[5 * step][k] = 4 * d1 - 5 * d3 + d5;
  }
}

/// One row or column of a product: At m.
inline void transform_output(const Lanes* m, Lanes* to, long step, long to_step) {
  for (long k = 0; k < lanes; ++k) {
    const float m1 = m[step][k], m2 = m[2 * step][k], m3 = m[3 * step][k], m4 = m[4 * step][k];
    const float near = m1 + m2, across = m1 - m2, far = m3 + m4, apart = m3 - m4;
    to[0][k] = m[0][k] + near + far;
    to[to_step][k] = across + 2 * apart;
    to[2 * to_step][k] = near + 4 * far;
    to[3 * to_step][k] = across + 8 * apart + m[5 * step][k];
  }
}

/// A map, and where a tile's first pixel is in it.
struct TilePlace {
  long y, x;
};

/// Writes 16 channels of one tile, transformed, to `to`, where places are `place_step` floats
/// apart. Pixels outside the map are 0.
METAMICT_CLONES void gather_tile(const float* map, long h, long w, long c, TilePlace at, float* to,
                                 long place_step) {
  std::array<Lanes, places> d, rows;
  for (long i = 0; i < input_px; ++i)
    for (long j = 0; j < input_px; ++j) {
      const long y = at.y + i, x = at.x + j;
      Lanes& pixel = d[static_cast<std::size_t>(i * input_px + j)];
      if (y >= 0 && y < h && x >= 0 && x < w)
        std::copy_n(map + (y * w + x) * c, lanes, pixel.data());
      else
        pixel.fill(0);
    }
  for (long i = 0; i < input_px; ++i)
    transform_input(d.data() + i * input_px, rows.data() + i * input_px, 1);
  for (long j = 0; j < input_px; ++j) transform_input(rows.data() + j, d.data() + j, input_px);
  for (long p = 0; p < places; ++p)
    std::copy_n(d[static_cast<std::size_t>(p)].data(), lanes, to + p * place_step);
}

/// Turns 16 channels of one tile's products back, adds the bias, and writes what lies in the map.
METAMICT_CLONES void scatter_tile(const float* from, long place_step, const float* bias, float* map,
                                  long h, long w, long c, TilePlace at) {
  std::array<Lanes, places> m;
  std::array<Lanes, input_px * output_px> rows;
  std::array<Lanes, output_px * output_px> out;
  for (long p = 0; p < places; ++p)
    std::copy_n(from + p * place_step, lanes, m[static_cast<std::size_t>(p)].data());
  for (long i = 0; i < input_px; ++i)
    transform_output(m.data() + i * input_px, rows.data() + i * output_px, 1, 1);
  for (long j = 0; j < output_px; ++j)
    transform_output(rows.data() + j, out.data() + j, output_px, output_px);
  for (long i = 0; i < std::min(output_px, h - at.y); ++i)
    for (long j = 0; j < std::min(output_px, w - at.x); ++j) {
      const Lanes& pixel = out[static_cast<std::size_t>(i * output_px + j)];
      float* to = map + ((at.y + i) * w + at.x + j) * c;
      for (long k = 0; k < lanes; ++k) to[k] = std::max(pixel[k] + bias[k], 0.0F);
    }
}

/// One row or column of a kernel: G g.
METAMICT_CLONES void transform_kernel(std::array<const float*, 3> g,
                                      std::array<float*, input_px> to, long count) {
  for (long k = 0; k < count; ++k) {
    const float g0 = g[0][k], g1 = g[1][k], g2 = g[2][k];
    const float even = -(g0 + g2) / 6, odd = -g1 / 6, far = g0 / 24 + g2 / 6, apart = g1 / 12;
    to[0][k] = g0 / 4;
    to[1][k] = even + odd;
    to[2][k] = even - odd;
    to[3][k] = far + apart;
    to[4][k] = far - apart;
    to[5][k] = g2;
  }
}

/// G g Gt of every kernel: 36 x in x out. Works on a few input channels at a time, whose kernels
/// stay in the cache.
std::vector<float> transformed_weights(const FoldedConv& conv) {
  const long in = conv.in, out = conv.out;
  std::vector<float> all(static_cast<std::size_t>(places * in * out));
  std::vector<float> taps(static_cast<std::size_t>(9 * lanes * out));  // tap, input channel, out
  std::vector<float> half(static_cast<std::size_t>(input_px * 3 * out));
  for (long first = 0; first < in; first += lanes) {
    for (long o = 0; o < out; ++o)
      for (long tap = 0; tap < 9; ++tap)
        for (long i = 0; i < lanes; ++i)
          taps[static_cast<std::size_t>((tap * lanes + i) * out + o)] =
              conv.weights_OHWI[static_cast<std::size_t>((o * 9 + tap) * in + first + i)];
    for (long i = 0; i < lanes; ++i) {
      const auto tap = [&](long row, long col) {
        return taps.data() + ((row * 3 + col) * lanes + i) * out;
      };
      const auto column = [&](long row, long col) { return half.data() + (row * 3 + col) * out; };
      const auto place = [&](long row, long col) {
        return all.data() + ((row * input_px + col) * in + first + i) * out;
      };
      for (long col = 0; col < 3; ++col)
        transform_kernel({tap(0, col), tap(1, col), tap(2, col)},
                         {column(0, col), column(1, col), column(2, col), column(3, col),
                          column(4, col), column(5, col)},
                         out);
      for (long row = 0; row < input_px; ++row)
        transform_kernel({column(row, 0), column(row, 1), column(row, 2)},
                         {place(row, 0), place(row, 1), place(row, 2), place(row, 3), place(row, 4),
                          place(row, 5)},
                         out);
    }
  }
  return all;
}

void multiply(const float* a, long rows, const float* b, long inner, long cols, float* to) {
  const dnnl_status_t status =
      dnnl_sgemm('N', 'N', rows, cols, inner, 1.0F, a, inner, b, cols, 0.0F, to, cols);
  if (status != dnnl_success) throw dnnl::error(status, "a product of Winograd's convolution");
}

}  // namespace

Winograd::Winograd(PackedWeights& store, const MapShape& in, const FoldedConv& conv)
    : in_(in), out_channels_(conv.out), bias_(conv.bias_O) {
  const dnnl::memory::desc desc({places, conv.in, conv.out}, dnnl::memory::data_type::f32,
                                dnnl::memory::format_tag::abc);
  const auto values = [&](std::vector<float>& room) -> const void* {
    room = transformed_weights(conv);
    return room.data();
  };
  weights_ = store.pack(conv.weights_OHWI.data(), values, desc, desc);
}

void Winograd::run(Workspace& space, const float* in, float* out) const {
  const long tiles_y = (in_.h + output_px - 1) / output_px,
             tiles_x = (in_.w + output_px - 1) / output_px;
  const long tiles = in_.n * tiles_y * tiles_x, most = std::min(tiles, tiles_at_once);
  const auto floats = [](Buffer& buffer, long count) {
    return reinterpret_cast<float*>(
        buffer.at_least(static_cast<std::size_t>(count) * sizeof(float)));
  };
  float* seen = floats(space.columns, places * most * in_.c);
  float* made = floats(space.products, places * most * out_channels_);
  const auto* weights = static_cast<const float*>(weights_.memory.get_data_handle());
  for (long first = 0; first < tiles; first += most) {
    const long count = std::min(most, tiles - first);
    const auto for_tiles = [&](const auto& work) {
      for (long t = 0; t < count; ++t) {
        const long tile = first + t, map = tile / (tiles_y * tiles_x);
        work(t, map * in_.h * in_.w,
             TilePlace{tile / tiles_x % tiles_y * output_px, tile % tiles_x * output_px});
      }
    };
    for_tiles([&](long t, long pixel, TilePlace at) {
      for (long k = 0; k < in_.c; k += lanes)
        gather_tile(in + pixel * in_.c + k, in_.h, in_.w, in_.c, {at.y - 1, at.x - 1},
                    seen + t * in_.c + k, count * in_.c);
    });
    for (long p = 0; p < places; ++p)
      multiply(seen + p * count * in_.c, count, weights + p * in_.c * out_channels_, in_.c,
               out_channels_, made + p * count * out_channels_);
    for_tiles([&](long t, long pixel, TilePlace at) {
      for (long k = 0; k < out_channels_; k += lanes)
        scatter_tile(made + t * out_channels_ + k, count * out_channels_, bias_.data() + k,
                     out + pixel * out_channels_ + k, in_.h, in_.w, out_channels_, at);
    });
  }
}

}  // namespace metamict
