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

using Count = std::uint64_t;
using Table = std::map<std::pair<std::int32_t, std::int32_t>, Count>;

double pairs(double n) { return n * (n - 1) / 2; }

/// Hubert and Arabie's index from a contingency table.
double ari_of(const Table& table) {
  std::map<std::int32_t, Count> rows, cols;
  Count total = 0;
  double both = 0;
  for (const auto& [key, count] : table) {
    rows[key.first] += count;
    cols[key.second] += count;
    total += count;
    both += pairs(static_cast<double>(count));
  }
  double in_rows = 0, in_cols = 0;
  for (const auto& entry : rows) in_rows += pairs(static_cast<double>(entry.second));
  for (const auto& entry : cols) in_cols += pairs(static_cast<double>(entry.second));
  const double expected = in_rows * in_cols / std::max(1.0, pairs(static_cast<double>(total)));
  const double most = (in_rows + in_cols) / 2;
  return most == expected ? 1.0 : (both - expected) / (most - expected);
}

Table count_pairs(const cv::Mat& labels, const cv::Mat& truth, std::optional<int> ignore) {
  std::unordered_map<std::uint32_t, Count> counts;
  for (int y = 0; y < truth.rows; ++y) {
    const auto* a = truth.ptr<std::uint16_t>(y);
    const auto* b = labels.ptr<std::uint16_t>(y);
    for (int x = 0; x < truth.cols; ++x)
      if (!ignore || a[x] != *ignore) ++counts[static_cast<std::uint32_t>(a[x]) << 16 | b[x]];
  }
  Table table;
  for (const auto& [key, count] : counts) table[{static_cast<std::int32_t>(key >> 16), static_cast<std::int32_t>(key & 0xFFFF)}] = count;
  return table;
}

cv::Mat as_16_bit(const cv::Mat& image) {
  if (image.type() == CV_16UC1) return image;
  if (image.type() != CV_8UC1) throw UsageError("a label image must have 8 or 16 bit and one channel");
  cv::Mat wide;
  image.convertTo(wide, CV_16U);
  return wide;
}

std::string size_text(const cv::Mat& image) { return std::to_string(image.rows) + " x " + std::to_string(image.cols) + " px"; }

}  // namespace

double adjusted_rand_index(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  if (a.size() != b.size() || a.empty())
    throw UsageError("two labelings of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) + " items cannot be compared");
  Table table;
  for (std::size_t i = 0; i < a.size(); ++i) ++table[{a[i], b[i]}];
  return ari_of(table);
}

// The Hungarian method with potentials (Kuhn 1955; Jonker and Volgenant's shortest augmenting paths), O(n^2 m).
std::vector<int> best_assignment(std::span<const double> weights, int rows, int cols) {
  const int n = std::min(rows, cols), m = std::max(rows, cols);
  const bool flipped = rows > cols;
  const auto cost = [&](int i, int j) { return -(flipped ? weights[static_cast<std::size_t>(j) * cols + i] : weights[static_cast<std::size_t>(i) * cols + j]); };
  std::vector<double> u(n + 1, 0.0), v(m + 1, 0.0);
  std::vector<int> match(m + 1, 0), way(m + 1, 0);
  for (int i = 1; i <= n; ++i) {
    match[0] = i;
    int j0 = 0;
    std::vector<double> least(m + 1, std::numeric_limits<double>::infinity());
    std::vector<char> used(m + 1, 0);
    do {
      used[j0] = 1;
      const int i0 = match[j0];
      double delta = std::numeric_limits<double>::infinity();
      int j1 = 0;
      for (int j = 1; j <= m; ++j) {
        if (used[j]) continue;
        const double reduced = cost(i0 - 1, j - 1) - u[i0] - v[j];
        if (reduced < least[j]) least[j] = reduced, way[j] = j0;
        if (least[j] < delta) delta = least[j], j1 = j;
      }
      for (int j = 0; j <= m; ++j)
        if (used[j]) u[match[j]] += delta, v[j] -= delta;
        else least[j] -= delta;
      j0 = j1;
    } while (match[j0] != 0);
    for (; j0 != 0; j0 = way[j0]) match[j0] = match[way[j0]];
  }
  std::vector<int> assigned(rows, -1);
  for (int j = 1; j <= m; ++j)
    if (match[j] != 0) {
      if (flipped) assigned[j - 1] = match[j] - 1;
      else assigned[match[j] - 1] = j - 1;
    }
  return assigned;
}

Evaluation evaluate(const cv::Mat& label_image, const cv::Mat& truth_image, std::optional<int> ignore) {
  const cv::Mat labels = as_16_bit(label_image), truth = as_16_bit(truth_image);
  if (labels.size() != truth.size()) throw InputError("the labels are " + size_text(labels) + " but the truth is " + size_text(truth) + ": give images of one size");
  const Table table = count_pairs(labels, truth, ignore);
  if (table.empty()) throw InputError("no pixel is left to compare: every pixel of the truth is ignored");
  std::map<std::int32_t, Count> truth_area, label_area;
  std::map<std::int32_t, int> row, col;
  Evaluation result;
  for (const auto& [key, count] : table) {
    truth_area[key.first] += count;
    label_area[key.second] += count;
    result.pixels += count;
  }
  for (const auto& entry : truth_area) row.emplace(entry.first, static_cast<int>(row.size()));
  for (const auto& entry : label_area) col.emplace(entry.first, static_cast<int>(col.size()));
  std::vector<double> iou(row.size() * col.size(), 0.0);
  for (const auto& [key, count] : table) {
    const auto overlap = static_cast<double>(count);
    iou[static_cast<std::size_t>(row[key.first]) * col.size() + static_cast<std::size_t>(col[key.second])] =
        overlap / (static_cast<double>(truth_area[key.first] + label_area[key.second]) - overlap);
  }
  const std::vector<int> assigned = best_assignment(iou, static_cast<int>(row.size()), static_cast<int>(col.size()));
  std::vector<std::int32_t> label_of(col.size());
  for (const auto& [label, index] : col) label_of[static_cast<std::size_t>(index)] = label;
  for (const auto& [region, index] : row) {
    RegionMatch match{region, {}, 0};
    if (const int to = assigned[static_cast<std::size_t>(index)]; to >= 0) {
      match.iou = iou[static_cast<std::size_t>(index) * col.size() + static_cast<std::size_t>(to)];
      if (match.iou > 0) match.label = label_of[static_cast<std::size_t>(to)];
    }
    result.mean_iou += match.iou / static_cast<double>(row.size());
    result.regions.push_back(match);
  }
  result.ari = ari_of(table);
  return result;
}

}  // namespace metamict
