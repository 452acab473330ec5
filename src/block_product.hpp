// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix product behind the similarities, one block of chip pairs at a time.
#pragma once

#include <cstddef>
#include <memory>

#include "metamict/encoder.hpp"

namespace metamict {

constexpr std::size_t block_edge = 256;   ///< chips along a block

/// A block of pairs: rows [i, i + rows) with rows [j, j + cols), both at most block_edge.
struct PairBlock {
  std::size_t i, j, rows, cols;
};

/// Dot products of embeddings in float32, or, where the processor multiplies bfloat16 in tiles (AMX), as four bfloat16 products added in
/// float32: each number is the sum of two bfloat16, to 2^-17 of it. Over many features these errors average out, to within 1e-6 of
/// the exact cosine (a quarter of a quantum where cosines span 0.25; three times float32's own rounding); with few features they would
/// not, so short embeddings stay in float32. The same bits for every block, whatever the threads.
class BlockProduct {
 public:
  enum class Arithmetic { float32, split_bfloat16 };
  /// The faster one that this processor has and that many features allow.
  static Arithmetic best(std::size_t features);

  explicit BlockProduct(const RowMatrixXf& rows_ND);
  BlockProduct(const RowMatrixXf& rows_ND, Arithmetic arithmetic);
  ~BlockProduct();
  BlockProduct(BlockProduct&&) noexcept;

  /// Row-major rows x cols.
  void operator()(const PairBlock& at, float* out);

 private:
  struct Split;
  void multiply_float32(const PairBlock& at, float* out) const;

  const RowMatrixXf& rows_ND_;
  std::unique_ptr<Split> split_;
};

}  // namespace metamict
