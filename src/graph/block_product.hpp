// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix product behind the similarities, one block of chip pairs at a time.
#pragma once

#include <cstddef>

#include "metamict/encoder.hpp"

namespace metamict {

constexpr std::size_t block_edge = 256;  ///< chips along a block: two blocks of 2048 features are 4 MiB

/// Dot products of rows [first_a, first_a + count_a) with rows [first_b, first_b + count_b), row-major count_a x
/// count_b into `out`. The same bits whoever calls it and however many threads there are.
void block_products(const RowMatrixXf& rows_ND, std::size_t first_a, std::size_t count_a, std::size_t first_b,
                    std::size_t count_b, float* out);

/// Dot products of every row of `a` with every row of `b`, on one thread.
RowMatrixXf row_products(const RowMatrixXf& a, const RowMatrixXf& b);

}  // namespace metamict
