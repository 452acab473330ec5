// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/chip_field.hpp"

#include <algorithm>

#include "graph/block_product.hpp"
#include "metamict/order.hpp"

namespace metamict {

namespace {

/// The mask eroded by the margin, or by the widest smaller one that leaves anything.
cv::Mat innermost(const cv::Mat& mask, int margin) {
  cv::Mat core = eroded(mask, margin);
  while (cv::countNonZero(core) == 0) core = eroded(mask, --margin);
  return core;
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
      half_chip_(metamict::half_chip(grid)) {
  const int per_chip = (grid_.size_px + grid_.stride_px - 1) / grid_.stride_px;
  const int lag = per_chip + 1;
  for (int row = 0; row < grid_.rows; ++row)
    for (int col = 0; col < grid_.cols; ++col) {
      if (col + lag < grid_.cols) add_pair(grid_.node(row, col), grid_.node(row, col + lag));
      if (row + lag < grid_.rows) add_pair(grid_.node(row, col), grid_.node(row + lag, col));
    }
}

void ChipField::add_pair(std::size_t a, std::size_t b) {
  const float cosine =
      rows_ND_.row(static_cast<Eigen::Index>(a)).dot(rows_ND_.row(static_cast<Eigen::Index>(b)));
  pairs_.push_back({static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b), 1 - cosine});
}

bool ChipField::is_splinter(const Nodes& part) const {
  const double least = options_.parts.splinter_share * static_cast<double>(smallest_part());
  return part.size() < static_cast<std::size_t>(least);
}

cv::Mat ChipField::core_of(const Nodes& part) const {
  return eroded(mask_over(grid_, part), half_chip_);
}

Nodes ChipField::core_or_all(const Nodes& part) const {
  Nodes core = nodes_of(core_of(part));
  return core.empty() ? part : core;
}

cv::Mat ChipField::cores_of(const Nodes& part) const {
  cv::Mat cores = core_of(part);
  for (const Nodes& piece : pieces(part))
    if (!is_splinter(piece) && is_disordered(order_of(piece)))
      cores |= innermost(mask_over(grid_, piece), half_chip_);
  return cv::countNonZero(cores) > 0 ? cores : innermost(mask_over(grid_, part), half_chip_);
}

std::vector<Nodes> ChipField::pieces(const Nodes& part) const {
  constexpr int by_corners_too = 8;  // OpenCV's word for it
  cv::Mat piece_at;
  const int count =
      cv::connectedComponents(mask_over(grid_, part), piece_at, by_corners_too, CV_32S);
  std::vector<Nodes> found(static_cast<std::size_t>(count - 1));
  for (const std::uint32_t node : part)
    found[static_cast<std::size_t>(piece_at.at<int>(grid_.row(node), grid_.col(node)) - 1)]
        .push_back(node);
  return found;
}

double ChipField::order_of(const Nodes& part) const {
  if (order_.empty()) return 0;
  std::vector<float> values;
  for (const std::uint32_t node : core_or_all(part)) values.push_back(order_[node]);
  return median(values);
}

Nodes ChipField::nodes_of(const cv::Mat& mask) const {
  Nodes nodes;
  for (const cv::Point at : points_of(mask))
    nodes.push_back(static_cast<std::uint32_t>(grid_.node(at.y, at.x)));
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

std::vector<float> ChipField::sample(const Nodes& a, const Nodes& b) const {
  const auto some_of = [&](const Nodes& part) {
    return every(part, part.size() / options_.parts.sampled_chips);
  };
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

}  // namespace metamict
