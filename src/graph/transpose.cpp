// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/transpose.hpp"

#include <cstring>

namespace metamict {
namespace {

// Generic vectors: the compiler turns the shuffles into the processor's own (punpck on x86-64, zip
// on ARM).
using Lane8 = std::uint16_t __attribute__((vector_size(16)));

Lane8 load(const std::uint16_t* from) {
  Lane8 v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

void interleave(const Lane8 (&in)[8], Lane8 (&out)[8]) {
  for (std::size_t k = 0; k < 4; ++k) {
    out[2 * k] = __builtin_shufflevector(in[k], in[k + 4], 0, 8, 1, 9, 2, 10, 3, 11);
    out[2 * k + 1] = __builtin_shufflevector(in[k], in[k + 4], 4, 12, 5, 13, 6, 14, 7, 15);
  }
}

/// Transposes an 8 x 8 tile by three rounds of interleaving rows k and k + 4. Each round moves one
/// bit of the row number into the column number.
void transpose_tile(Block<const std::uint16_t> from, Block<std::uint16_t> to) {
  Lane8 a[8], b[8];
  for (std::size_t k = 0; k < 8; ++k) a[k] = load(from.data + k * from.stride);
  interleave(a, b);
  interleave(b, a);
  interleave(a, b);
  for (std::size_t k = 0; k < 8; ++k) std::memcpy(to.data + k * to.stride, &b[k], sizeof b[k]);
}

}  // namespace

void transpose(Block<const std::uint16_t> from, Block<std::uint16_t> to, std::size_t rows,
               std::size_t cols) {
  const std::size_t whole_rows = rows & ~std::size_t{7}, whole_cols = cols & ~std::size_t{7};
  for (std::size_t b = 0; b < whole_cols; b += 8)
    for (std::size_t a = 0; a < whole_rows; a += 8)
      transpose_tile({from.data + a * from.stride + b, from.stride},
                     {to.data + b * to.stride + a, to.stride});
  for (std::size_t a = 0; a < rows; ++a)
    for (std::size_t b = a < whole_rows ? whole_cols : 0; b < cols; ++b)
      to.data[b * to.stride + a] = from.data[a * from.stride + b];
}

}  // namespace metamict
