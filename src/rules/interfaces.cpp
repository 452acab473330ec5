// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/interfaces.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace metamict {

Interfaces::Interfaces(const ChipGrid& grid, const std::vector<Nodes>& parts) {
  const std::size_t none = parts.size();
  std::vector<std::size_t> part_of(grid.chips(), none);
  for (std::size_t k = 0; k < parts.size(); ++k)
    for (const std::uint32_t chip : parts[k]) part_of[chip] = k;
  const auto meet = [&](std::size_t chip, std::size_t other, cv::Point2f at) {
    const Pair both = std::minmax(part_of[chip], part_of[other]);
    if (both.second != none && both.first != both.second) lines_[both].push_back(at);
  };
  constexpr float half = 0.5F;
  for (const Nodes& part : parts)
    for (const std::uint32_t chip : part) {
      const int row = grid.row(chip), col = grid.col(chip);
      const cv::Point2f at(cv::Point(col, row));
      if (col + 1 < grid.cols) meet(chip, grid.node(row, col + 1), at + cv::Point2f(half, 0));
      if (row + 1 < grid.rows) meet(chip, grid.node(row + 1, col), at + cv::Point2f(0, half));
    }
}

const Interfaces::Line& Interfaces::between(std::size_t a, std::size_t b) const {
  static const Line none;
  const auto found = lines_.find(std::minmax(a, b));
  return found == lines_.end() ? none : found->second;
}

double Interfaces::bend(const Line& line, const Line& more) {
  Line both = line;
  both.insert(both.end(), more.begin(), more.end());
  constexpr double thick = 0.5;  // a straight line's points lie on two rows, half a stride apart
  const cv::Size2f box = cv::minAreaRect(both).size;
  return (std::min(box.width, box.height) + thick) / (std::max(box.width, box.height) + thick);
}

double Interfaces::on_one_side_of(std::size_t third, std::size_t a, std::size_t b) const {
  const Line &ab = between(a, b), &with_a = between(a, third), &with_b = between(b, third);
  if (ab.empty() || with_a.empty() || with_b.empty()) return 1;
  return std::min(bend(ab, with_a), bend(ab, with_b)) / bend(with_a, with_b);
}

void Interfaces::merge(std::size_t a, std::size_t b) {
  std::map<Pair, Line> merged;
  const auto place = [&](std::size_t k) { return k == a ? b : k > a ? k - 1 : k; };
  for (auto& [pair, line] : lines_) {
    const Pair both = std::minmax(place(pair.first), place(pair.second));
    if (both.first == both.second) continue;
    Line& into = merged[both];
    into.insert(into.end(), line.begin(), line.end());
  }
  lines_ = std::move(merged);
}

}  // namespace metamict
