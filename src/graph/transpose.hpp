// SPDX-License-Identifier: GPL-3.0-or-later
// Transposes blocks of 16-bit numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace metamict {

/// A block of a row-major matrix: its first element and the distance between its rows.
template <typename T>
struct Block {
  T* data;
  std::size_t stride;
};

/// to[b][a] = from[a][b] for a < rows, b < cols.
void transpose(Block<const std::uint16_t> from, Block<std::uint16_t> to, std::size_t rows,
               std::size_t cols);

}  // namespace metamict
