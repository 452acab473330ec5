// SPDX-License-Identifier: GPL-3.0-or-later
#include "lattice/lattice_cell.hpp"

#include <cmath>
#include <utility>

namespace metamict {

double Cell::area() const { return std::abs(t.cross(u)); }

double Cell::period_px() const { return area() / std::sqrt(cv::norm(t) * cv::norm(u)); }

Cell Cell::reduced() const {
  Cell cell = *this;
  for (int i = 0; i < 100; ++i) {
    if (cell.t.dot(cell.t) > cell.u.dot(cell.u)) std::swap(cell.t, cell.u);
    const double turns = std::round(cell.t.dot(cell.u) / cell.t.dot(cell.t));
    if (turns == 0) break;
    cell.u -= turns * cell.t;
  }
  return cell;
}

bool Cell::same_lattice(const Cell& other) const {
  const double tolerance = 0.4 + 0.04 * period_px(), turn = t.cross(u);
  const auto ours = [&](cv::Point2d x) {
    const cv::Point2d node = std::round(x.cross(u) / turn) * t + std::round(t.cross(x) / turn) * u;
    return cv::norm(x - node) < tolerance;
  };
  return std::abs(area() / other.area() - 1) < 0.12 && ours(other.t) && ours(other.u);
}

}  // namespace metamict
