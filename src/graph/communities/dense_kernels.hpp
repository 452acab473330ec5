// SPDX-License-Identifier: GPL-3.0-or-later
// Adds up whole rows of the score matrix. These loops of the dense engine see every score.
#pragma once

#include <cstddef>
#include <cstdint>

#include "metamict/similarity.hpp"

namespace metamict {

/// Says which scores are edges and what an edge weighs, in whole numbers: its quantum, or 1.
struct Kept {
  std::uint32_t threshold = 0;  ///< a score is an edge when it is at least this
  bool unit = false;

  std::uint32_t weight(Quantum q) const { return q < threshold ? 0U : unit ? 1U : q; }
};

/// The sum of the weights of a row.
std::uint64_t sum_row(const Quantum* row, std::size_t count, Kept kept);

/// sums[k] += weight of row[k].
void add_row(const Quantum* row, std::size_t count, Kept kept, std::uint32_t* sums);

/// from[k] -= weight of row[k], to[k] += the same.
void move_row(const Quantum* row, std::size_t count, Kept kept, std::uint32_t* from,
              std::uint32_t* to);

/// sums[k] += others[k].
void add_sums(const std::uint32_t* others, std::size_t count, std::uint32_t* sums);

}  // namespace metamict
