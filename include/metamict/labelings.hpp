// SPDX-License-Identifier: GPL-3.0-or-later
// How far two partitions of the same items agree, and which of their parts belong together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace metamict {

/// Adjusted Rand index of two labelings of the same items (Hubert and Arabie 1985); 1 for identical partitions, also
/// when both are trivial. Throws UsageError when the lengths differ or are zero.
double adjusted_rand_index(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

/// One-to-one assignment of rows to columns with the largest total (rows x cols row-major weights); -1 = unassigned.
std::vector<int> best_assignment(std::span<const double> weights, int rows, int cols);

}  // namespace metamict
