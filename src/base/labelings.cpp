// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/labelings.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "base/contingency.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

/// Finds for each row the column that makes the total cost least, by the Hungarian method with
/// shortest augmenting paths, in O(rows squared times columns). Rows are at most as many as
/// columns. `cost` takes row and column from 0.
template <typename Cost>
std::vector<int> cheapest_columns(int rows, int cols, const Cost& cost) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  std::vector<double> row_price(static_cast<std::size_t>(rows) + 1, 0),
      col_price(static_cast<std::size_t>(cols) + 1, 0);
  std::vector<std::size_t> row_of(static_cast<std::size_t>(cols) + 1, 0),
      before(static_cast<std::size_t>(cols) + 1, 0);
  for (std::size_t row = 1; row <= static_cast<std::size_t>(rows);
       ++row) {  // column and row 0 stand for "none yet"
    std::vector<double> least(static_cast<std::size_t>(cols) + 1, infinite);
    std::vector<bool> seen(static_cast<std::size_t>(cols) + 1, false);
    std::size_t col = 0;
    row_of[0] = row;
    do {
      seen[col] = true;
      const std::size_t at = row_of[col];
      double step = infinite;
      std::size_t next = 0;
      for (std::size_t j = 1; j < least.size(); ++j) {
        if (seen[j]) continue;
        const double reduced =
            cost(static_cast<int>(at) - 1, static_cast<int>(j) - 1) - row_price[at] - col_price[j];
        if (reduced < least[j]) {
          least[j] = reduced;
          before[j] = col;
        }
        if (least[j] < step) {
          step = least[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j < least.size(); ++j) {
        if (seen[j]) {
          row_price[row_of[j]] += step;
          col_price[j] -= step;
        } else {
          least[j] -= step;
        }
      }
      col = next;
    } while (row_of[col] != 0);
    for (; col != 0; col = before[col]) row_of[col] = row_of[before[col]];
  }
  std::vector<int> column(static_cast<std::size_t>(rows), -1);
  for (std::size_t col = 1; col < row_of.size(); ++col)
    if (row_of[col] != 0) column[row_of[col] - 1] = static_cast<int>(col) - 1;
  return column;
}

}  // namespace

double adjusted_rand_index(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  if (a.size() != b.size())
    throw UsageError("two labelings of " + std::to_string(a.size()) + " and " +
                     std::to_string(b.size()) +
                     " items cannot be compared: they must be of the same items");
  if (a.empty()) throw UsageError("two labelings of no items cannot be compared");
  Contingency table;
  for (std::size_t i = 0; i < a.size(); ++i) table.add(a[i], b[i]);
  return adjusted_rand_index(table.cells());
}

std::vector<int> best_assignment(std::span<const double> weights, int rows, int cols) {
  const auto weight = [&](int row, int col) {
    return weights[static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) +
                   static_cast<std::size_t>(col)];
  };
  std::vector<int> result(static_cast<std::size_t>(rows), -1);
  if (rows <= cols) {
    result = cheapest_columns(rows, cols,
                              [&](int row, int col) { return -std::max(weight(row, col), 0.0); });
  } else {
    const std::vector<int> row_of = cheapest_columns(
        cols, rows, [&](int col, int row) { return -std::max(weight(row, col), 0.0); });
    for (int col = 0; col < cols; ++col)
      result[static_cast<std::size_t>(row_of[static_cast<std::size_t>(col)])] = col;
  }
  // What adds nothing to the total is not assigned.
  for (int row = 0; row < rows; ++row)
    if (int& col = result[static_cast<std::size_t>(row)]; col >= 0 && weight(row, col) <= 0)
      col = -1;
  return result;
}

}  // namespace metamict
