// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/evaluate.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>

#include "metamict/errors.hpp"

namespace metamict {
namespace {

/// How often each pair of labels meets.
class Contingency {
 public:
  void add(std::int32_t a, std::int32_t b) {
    // Neighbouring items mostly meet the same pair: count the run, look it up once.
    if (run_ > 0 && a == a_ && b == b_) {
      ++run_;
      return;
    }
    flush();
    a_ = a;
    b_ = b;
    run_ = 1;
  }
  void flush() {
    if (run_ > 0)
      pairs_[(static_cast<std::uint64_t>(static_cast<std::uint32_t>(a_)) << 32) | static_cast<std::uint32_t>(b_)] +=
          run_;
    run_ = 0;
  }
  struct Cell {
    std::int32_t a, b;
    std::uint64_t count;
  };
  std::vector<Cell> cells() {
    flush();
    std::vector<Cell> result;
    for (const auto& [pair, count] : pairs_)
      result.push_back({static_cast<std::int32_t>(pair >> 32), static_cast<std::int32_t>(pair & 0xffffffffU), count});
    return result;
  }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> pairs_;
  std::int32_t a_ = 0, b_ = 0;
  std::uint64_t run_ = 0;
};

using Sizes = std::map<std::int32_t, std::uint64_t>;

Sizes sizes_of(const std::vector<Contingency::Cell>& cells, std::int32_t Contingency::Cell::*side) {
  Sizes sizes;
  for (const auto& cell : cells) sizes[cell.*side] += cell.count;
  return sizes;
}

double pairs_in(std::uint64_t count) {
  const auto n = static_cast<double>(count);
  return n * (n - 1) / 2;
}

double adjusted_rand_index(const std::vector<Contingency::Cell>& cells) {
  double both = 0, in_a = 0, in_b = 0;
  std::uint64_t items = 0;
  for (const auto& cell : cells) {
    both += pairs_in(cell.count);
    items += cell.count;
  }
  for (const auto& [label, count] : sizes_of(cells, &Contingency::Cell::a)) in_a += pairs_in(count);
  for (const auto& [label, count] : sizes_of(cells, &Contingency::Cell::b)) in_b += pairs_in(count);
  const double all = pairs_in(items);
  if (in_a == in_b && (in_a == 0 || in_a == all)) return 1;  // both all singletons, or both one cluster
  const double expected = in_a * in_b / all, best = (in_a + in_b) / 2;
  return (both - expected) / (best - expected);
}

cv::Mat as_16u(const cv::Mat& image, const char* what) {
  if (image.type() == CV_16UC1) return image;
  if (image.type() != CV_8UC1)
    throw InputError(std::string("the ") + what +
                     " image is not a grey image of 8 or 16 bits: labels are whole numbers");
  cv::Mat wide;
  image.convertTo(wide, CV_16U);
  return wide;
}

std::string size_text(const cv::Mat& image) {
  return std::to_string(image.cols) + " x " + std::to_string(image.rows) + " px";
}

std::vector<RegionMatch> match_regions(const std::vector<Contingency::Cell>& cells) {
  const Sizes labels = sizes_of(cells, &Contingency::Cell::a), truths = sizes_of(cells, &Contingency::Cell::b);
  const auto place = [](const Sizes& sizes, std::int32_t label) {
    return static_cast<std::size_t>(std::distance(sizes.begin(), sizes.find(label)));
  };
  std::vector<double> ious(labels.size() * truths.size(), 0.0);
  for (const auto& cell : cells) {
    const std::uint64_t either = labels.at(cell.a) + truths.at(cell.b) - cell.count;
    ious[place(truths, cell.b) * labels.size() + place(labels, cell.a)] =
        static_cast<double>(cell.count) / static_cast<double>(either);
  }
  const std::vector<int> assigned =
      best_assignment(ious, static_cast<int>(truths.size()), static_cast<int>(labels.size()));
  std::vector<RegionMatch> regions;
  for (const auto& [truth, count] : truths) {
    const std::size_t row = regions.size();
    RegionMatch match{truth, {}, 0};
    if (assigned[row] >= 0) {
      match.label = std::next(labels.begin(), assigned[row])->first;
      match.iou = ious[row * labels.size() + static_cast<std::size_t>(assigned[row])];
    }
    regions.push_back(match);
  }
  return regions;
}

/// The Hungarian method by shortest augmenting paths: for each row (at most as many as columns) the column that makes
/// the total cost least, in O(rows squared times columns). Costs by a function of row and column, both from 0.
template <typename Cost>
std::vector<int> cheapest_columns(int rows, int cols, const Cost& cost) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  std::vector<double> row_price(static_cast<std::size_t>(rows) + 1, 0),
      col_price(static_cast<std::size_t>(cols) + 1, 0);
  std::vector<std::size_t> row_of(static_cast<std::size_t>(cols) + 1, 0), before(static_cast<std::size_t>(cols) + 1, 0);
  for (std::size_t row = 1; row <= static_cast<std::size_t>(rows); ++row) {  // column and row 0 stand for "none yet"
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
        const double reduced = cost(static_cast<int>(at) - 1, static_cast<int>(j) - 1) - row_price[at] - col_price[j];
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
    throw UsageError("two labelings of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) +
                     " items cannot be compared: they must be of the same items");
  if (a.empty()) throw UsageError("two labelings of no items cannot be compared");
  Contingency table;
  for (std::size_t i = 0; i < a.size(); ++i) table.add(a[i], b[i]);
  return adjusted_rand_index(table.cells());
}

Evaluation evaluate(const cv::Mat& labels, const cv::Mat& truth, std::optional<int> ignore) {
  if (labels.size() != truth.size())
    throw InputError("the label image is " + size_text(labels) + " but the truth is " + size_text(truth) +
                     ": they must be of the same image");
  const cv::Mat ours = as_16u(labels, "label"), theirs = as_16u(truth, "truth");
  Contingency table;
  Evaluation result;
  for (int y = 0; y < ours.rows; ++y) {
    const std::uint16_t *a = ours.ptr<std::uint16_t>(y), *b = theirs.ptr<std::uint16_t>(y);
    for (int x = 0; x < ours.cols; ++x) {
      if (ignore && b[x] == *ignore) continue;
      table.add(a[x], b[x]);
      ++result.pixels;
    }
  }
  if (result.pixels == 0)
    throw InputError("no pixel is left to compare: the truth image holds nothing but the ignored label");
  const auto cells = table.cells();
  result.ari = adjusted_rand_index(cells);
  result.regions = match_regions(cells);
  for (const RegionMatch& region : result.regions)
    result.mean_iou += region.iou / static_cast<double>(result.regions.size());
  return result;
}

std::vector<int> best_assignment(std::span<const double> weights, int rows, int cols) {
  const auto weight = [&](int row, int col) {
    return weights[static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) + static_cast<std::size_t>(col)];
  };
  std::vector<int> result(static_cast<std::size_t>(rows), -1);
  if (rows <= cols) {
    result = cheapest_columns(rows, cols, [&](int row, int col) { return -std::max(weight(row, col), 0.0); });
  } else {
    const std::vector<int> row_of =
        cheapest_columns(cols, rows, [&](int col, int row) { return -std::max(weight(row, col), 0.0); });
    for (int col = 0; col < cols; ++col) result[static_cast<std::size_t>(row_of[static_cast<std::size_t>(col)])] = col;
  }
  // What adds nothing to the total is not assigned.
  for (int row = 0; row < rows; ++row)
    if (int& col = result[static_cast<std::size_t>(row)]; col >= 0 && weight(row, col) <= 0) col = -1;
  return result;
}

}  // namespace metamict
