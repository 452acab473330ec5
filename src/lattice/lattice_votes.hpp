// SPDX-License-Identifier: GPL-3.0-or-later
// Which of several lattices an image has: every part of it votes for the smallest cell that
// explains it.
#pragma once

#include <vector>

#include "lattice/lattice_cell.hpp"
#include "lattice/lattice_repeat.hpp"

namespace metamict {

/// A period and the cell that shows it best.
struct Elected {
  Cell cell;
  std::size_t votes;  ///< windows that this period explains best
  double share;       ///< of the windows that repeat themselves at all
  double alike;       ///< mean correlation in the windows that voted for the cell
};

/// The votes of several parts of an image put together, the most first.
std::vector<Elected> together(const std::vector<std::vector<Elected>>& parts);

/// The periods that won votes, the most first; empty where too little of the image repeats itself
/// to tell. Grains of one crystal vote for one period, whichever way they are turned.
std::vector<Elected> elect(const Repeats& repeats, const std::vector<Cell>& candidates,
                           int threads);

}  // namespace metamict
