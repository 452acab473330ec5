// SPDX-License-Identifier: GPL-3.0-or-later
// Computes the matrix product behind the similarities, one block of chip pairs at a time.
#pragma once

#include <cstddef>

#include "metamict/encoder.hpp"

namespace metamict {

constexpr std::size_t block_edge =
    256;  ///< chips along a block: two blocks of 2048 features are 4 MiB

/// Writes the dot products of rows [first_a, first_a + count_a) with rows [first_b, first_b +
/// count_b) into `out`, row-major, count_a x count_b. The bits are the same for any caller and any
/// number of threads.
void block_products(const RowMatrixXf& rows_ND, std::size_t first_a, std::size_t count_a,
                    std::size_t first_b, std::size_t count_b, float* out);

/// Returns the dot product of every row of `a` with every row of `b`. It runs on one thread.
RowMatrixXf row_products(const RowMatrixXf& a, const RowMatrixXf& b);

}  // namespace metamict
