// SPDX-License-Identifier: GPL-3.0-or-later
// Compares two partitions of the same items: how far they agree, and which of their parts belong
// together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace metamict {

/// Adjusted Rand index of two labelings of the same items (Hubert and Arabie 1985). It is 1 for
/// identical partitions, also for trivial ones. Throws UsageError when the lengths differ or are
/// zero.
double adjusted_rand_index(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

/// Assigns rows to columns, one to one, with the largest total weight (rows x cols, row-major). -1
/// = unassigned.
std::vector<int> best_assignment(std::span<const double> weights, int rows, int cols);

}  // namespace metamict
