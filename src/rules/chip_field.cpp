// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/chip_field.hpp"

#include <algorithm>

#include "graph/block_product.hpp"
#include "metamict/order.hpp"

namespace metamict {

namespace {

/// The set eroded by the margin, or by the widest smaller one that leaves anything.
ChipPatch innermost(const ChipPatch& patch, int margin) {
  cv::Mat core = eroded(patch.mask, margin);
  while (cv::countNonZero(core) == 0) core = eroded(patch.mask, --margin);
  return {patch.box, core};
}

/// Adds a set to another whose box holds its own.
void add(const ChipPatch& some, ChipPatch& to) {
  const cv::Rect both = some.box & to.box;
  to.mask(both - to.box.tl()) |= some.mask(both - some.box.tl());
}

/// Which part each chip is of, on the grid; -1 for none.
cv::Mat parts_on_grid(const ChipGrid& grid, const std::vector<Nodes>& parts) {
  cv::Mat part_at(grid.rows, grid.cols, CV_32S, cv::Scalar(-1));
  for (std::size_t k = 0; k < parts.size(); ++k)
    for (const std::uint32_t node : parts[k])
      part_at.at<int>(grid.row(node), grid.col(node)) = static_cast<int>(k);
  return part_at;
}

}  // namespace

ChipField::ChipField(const ChipGrid& grid, const RowMatrixXf& rows_ND,
                     const std::vector<float>& order, double range, const NestedOptions& options,
                     double noise)
    : grid_(grid),
      rows_ND_(rows_ND),
      order_(order),
      range_(range),
      options_(options),
      noise_(noise),
      half_chip_(metamict::half_chip(grid)),
      lag_((grid.size_px + grid.stride_px - 1) / grid.stride_px + 1),
      to_the_right_(grid.chips(), 0),
      below_(grid.chips(), 0) {
  for (int row = 0; row < grid_.rows; ++row)
    for (int col = 0; col < grid_.cols; ++col) {
      const std::size_t a = grid_.node(row, col);
      if (col + lag_ < grid_.cols) to_the_right_[a] = dissimilarity(a, grid_.node(row, col + lag_));
      if (row + lag_ < grid_.rows) below_[a] = dissimilarity(a, grid_.node(row + lag_, col));
    }
}

float ChipField::dissimilarity(std::size_t a, std::size_t b) const {
  return 1 -
         rows_ND_.row(static_cast<Eigen::Index>(a)).dot(rows_ND_.row(static_cast<Eigen::Index>(b)));
}

cv::Rect ChipField::box_of(const Nodes& chips) const {
  if (chips.empty()) return {0, 0, 1, 1};
  int left = grid_.cols, right = 0;
  for (const std::uint32_t chip : chips) {
    left = std::min(left, grid_.col(chip));
    right = std::max(right, grid_.col(chip));
  }
  const int top = grid_.row(chips.front()), bottom = grid_.row(chips.back());  // they rise
  return {left, top, right - left + 1, bottom - top + 1};
}

ChipPatch ChipField::patch_of(const Nodes& part) const {
  const cv::Rect tight = box_of(part);
  const cv::Point margin(half_chip_, half_chip_);
  const cv::Rect box =
      cv::Rect(tight.tl() - margin, tight.br() + margin) & cv::Rect(0, 0, grid_.cols, grid_.rows);
  cv::Mat mask = cv::Mat::zeros(box.size(), CV_8UC1);
  for (const std::uint32_t chip : part)
    mask.at<std::uint8_t>(grid_.row(chip) - box.y, grid_.col(chip) - box.x) = 255;
  return {box, mask};
}

bool ChipField::is_splinter(const Nodes& part) const {
  const double least = options_.parts.splinter_share * static_cast<double>(smallest_part());
  return part.size() < static_cast<std::size_t>(least);
}

ChipPatch ChipField::core_of(const Nodes& part) const {
  const ChipPatch patch = patch_of(part);
  return {patch.box, eroded(patch.mask, half_chip_)};
}

Nodes ChipField::core_or_all(const Nodes& part) const {
  Nodes core = nodes_of(core_of(part));
  return core.empty() ? part : core;
}

ChipPatch ChipField::cores_of(const Nodes& part) const {
  ChipPatch cores = core_of(part);
  for (const Nodes& piece : pieces(part))
    if (!is_splinter(piece) && is_disordered(order_of(piece)))
      add(innermost(patch_of(piece), half_chip_), cores);
  return cores.is_empty() ? innermost(patch_of(part), half_chip_) : cores;
}

std::vector<Nodes> ChipField::pieces(const Nodes& part) const {
  constexpr int by_corners_too = 8;  // OpenCV's word for it
  const ChipPatch patch = patch_of(part);
  cv::Mat piece_at;
  const int count = cv::connectedComponents(patch.mask, piece_at, by_corners_too, CV_32S);
  std::vector<Nodes> found(static_cast<std::size_t>(count - 1));
  for (const std::uint32_t node : part)
    found[static_cast<std::size_t>(
              piece_at.at<int>(grid_.row(node) - patch.box.y, grid_.col(node) - patch.box.x) - 1)]
        .push_back(node);
  return found;
}

double ChipField::order_of(const Nodes& part) const {
  if (order_.empty()) return 0;
  std::vector<float> values;
  for (const std::uint32_t node : core_or_all(part)) values.push_back(order_[node]);
  return median(values);
}

Nodes ChipField::nodes_of(const ChipPatch& patch) const {
  Nodes nodes;
  for (const cv::Point at : points_of(patch.mask))
    nodes.push_back(static_cast<std::uint32_t>(grid_.node(patch.box.y + at.y, patch.box.x + at.x)));
  return nodes;
}

Eigen::VectorXf ChipField::direction_of(const Nodes& part) const {
  Eigen::VectorXf mean = Eigen::VectorXf::Zero(rows_ND_.cols());
  for (const std::uint32_t node : part) mean += rows_ND_.row(node).transpose();
  return mean.normalized();
}

std::vector<std::size_t> ChipField::neighbours_of(std::size_t k,
                                                  const std::vector<Nodes>& parts) const {
  const cv::Mat part_at = parts_on_grid(grid_, parts);
  const cv::Rect all({0, 0}, part_at.size());
  std::vector<bool> touched(parts.size(), false);
  for (const std::uint32_t node : parts[k])
    for (const cv::Point step :
         {cv::Point(0, -1), cv::Point(0, 1), cv::Point(-1, 0), cv::Point(1, 0)}) {
      const cv::Point at = cv::Point(grid_.col(node), grid_.row(node)) + step;
      const int other = all.contains(at) ? part_at.at<int>(at) : -1;
      if (other >= 0 && other != static_cast<int>(k))
        touched[static_cast<std::size_t>(other)] = true;
    }
  std::vector<std::size_t> neighbours;
  for (std::size_t other = 0; other < parts.size(); ++other)
    if (touched[other]) neighbours.push_back(other);
  return neighbours;
}

Nodes ChipField::some_of(const Nodes& part) const {
  return every(part, part.size() / options_.parts.sampled_chips);
}

std::vector<float> ChipField::sample(const Nodes& a, const Nodes& b) const {
  const Nodes some_a = some_of(a), some_b = some_of(b);
  const RowMatrixXf cosines =
      row_products(rows_ND_(some_a, Eigen::all), rows_ND_(some_b, Eigen::all));
  std::vector<float> values;
  for (std::size_t i = 0; i < some_a.size(); ++i)
    for (std::size_t j = 0; j < some_b.size(); ++j)
      if (some_a[i] != some_b[j])
        values.push_back(1 - cosines(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)));
  return values;
}

bool ChipField::any_unlike(const Nodes& part, double least) const {
  constexpr Eigen::Index rows_at_once = 32;  // most parts that hold a border show it in the first
  const RowMatrixXf some = rows_ND_(some_of(part), Eigen::all);
  for (Eigen::Index first = 0; first < some.rows(); first += rows_at_once) {
    const Eigen::Index count = std::min(rows_at_once, some.rows() - first);
    const RowMatrixXf cosines =
        row_products(some.middleRows(first, count), some.bottomRows(some.rows() - first));
    for (Eigen::Index i = 0; i < count; ++i)
      for (Eigen::Index j = i + 1; j < cosines.cols(); ++j)
        if (1 - cosines(i, j) >= least) return true;
  }
  return false;
}

}  // namespace metamict
