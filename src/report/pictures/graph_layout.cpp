// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/graph_layout.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace metamict {

namespace {

constexpr std::size_t pivots = 64;
constexpr int iterations = 50;
constexpr float spacing = 0.6F;  // of neighbours: this over sqrt(N), in a start of width 1
// In spacings. Nodes further from each other do not push: they stay where the scores placed them.
constexpr float repulsion_reach = 2.0F;

cv::Rect2f bounds(std::span<const cv::Point2f> points) {
  cv::Point2f low = points.front(), high = points.front();
  for (const cv::Point2f& p : points) {
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  return {low, high};
}

/// Squared distances (1 - score)² of every node to every pivot.
Eigen::MatrixXf pivot_distances(const ScoreMatrix& scores) {
  const std::size_t nodes = scores.nodes(), count = std::min(pivots, nodes);
  Eigen::MatrixXf squares(static_cast<Eigen::Index>(nodes), static_cast<Eigen::Index>(count));
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t pivot = (2 * k + 1) * nodes / (2 * count);
    for (std::size_t i = 0; i < nodes; ++i) {
      const float distance = i == pivot ? 0.0F : 1.0F - score_of(scores.row(pivot)[i]);
      squares(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) = distance * distance;
    }
  }
  return squares;
}

/// Without the means of rows and columns, halved and turned round, as classical scaling wants it.
Eigen::MatrixXf centred_twice(Eigen::MatrixXf squares) {
  const Eigen::VectorXf row_mean = squares.rowwise().mean();
  const Eigen::RowVectorXf column_mean = squares.colwise().mean();
  const float mean = row_mean.mean();
  squares.colwise() -= row_mean;
  squares.rowwise() -= column_mean;
  squares.array() += mean;
  squares *= -0.5F;
  return squares;
}

/// Points sorted into square cells as wide as repulsion reaches, so that a point meets only those
/// of its own cell and of the neighbouring ones.
class Cells {
 public:
  Cells(const std::vector<cv::Point2f>& points, float reach) {
    const cv::Rect2f box = bounds(points);
    low_ = box.tl();
    width_ = std::max({reach, box.width / 500, box.height / 500});
    cols_ = static_cast<int>(box.width / width_) + 1;
    rows_ = static_cast<int>(box.height / width_) + 1;
    start_.assign(static_cast<std::size_t>(cols_ * rows_) + 1, 0);
    for (const cv::Point2f& p : points) ++start_[cell(p) + 1];
    std::partial_sum(start_.begin(), start_.end(), start_.begin());
    std::vector<std::uint32_t> next(start_.begin(), start_.end() - 1);
    members_.resize(points.size());
    for (std::uint32_t i = 0; i < points.size(); ++i)
      members_[next[cell(points[i])]++] = {points[i], i};
  }

  struct Member {
    cv::Point2f at;
    std::uint32_t index;
  };

  /// Calls visit(a, b) once for every two points in the same or in neighbouring cells.
  template <class Visit>
  void for_each_pair(Visit&& visit) const {
    for (int row = 0; row < rows_; ++row)
      for (int col = 0; col < cols_; ++col) {
        const std::span<const Member> here = members(row, col);
        for (std::size_t i = 0; i < here.size(); ++i)
          for (std::size_t j = i + 1; j < here.size(); ++j) visit(here[i], here[j]);
        for (const auto& [down, across] : {std::pair{0, 1}, {1, -1}, {1, 0}, {1, 1}}) {
          if (row + down >= rows_ || col + across < 0 || col + across >= cols_) continue;
          for (const Member& a : here)
            for (const Member& b : members(row + down, col + across)) visit(a, b);
        }
      }
  }

 private:
  std::size_t cell(const cv::Point2f& point) const {
    const cv::Point2f from_corner = point - low_;
    return cell(static_cast<int>(from_corner.y / width_), static_cast<int>(from_corner.x / width_));
  }
  std::size_t cell(int row, int col) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(cols_) +
           static_cast<std::size_t>(col);
  }
  std::span<const Member> members(int row, int col) const {
    const std::size_t at = cell(row, col);
    return {members_.data() + start_[at], members_.data() + start_[at + 1]};
  }

  float width_ = 0;
  cv::Point2f low_;
  int cols_ = 1, rows_ = 1;
  std::vector<std::uint32_t> start_;
  std::vector<Member> members_;
};

float length_of(const cv::Point2f& v) { return std::sqrt(v.dot(v)); }

/// The points in the unit square, in the same shape.
std::vector<cv::Point2f> fitted(std::vector<cv::Point2f> points) {
  const cv::Rect2f box = bounds(points);
  const float side = std::max({box.width, box.height, 1e-20F});
  const cv::Point2f shift = box.tl() - cv::Point2f((side - box.width) / 2, (side - box.height) / 2);
  for (cv::Point2f& p : points) p = (p - shift) / side;
  return points;
}

/// The push on every node by those near it.
std::vector<cv::Point2f> repulsion(const std::vector<cv::Point2f>& points, float ideal) {
  std::vector<cv::Point2f> force(points.size(), cv::Point2f(0, 0));
  const float reach = repulsion_reach * ideal, nearest = 1e-4F * ideal * ideal;
  Cells(points, reach).for_each_pair([&](const Cells::Member& a, const Cells::Member& b) {
    const cv::Point2f apart = a.at - b.at;
    const float square = apart.dot(apart);
    if (square > reach * reach) return;
    const cv::Point2f push = apart * (ideal * ideal / std::max(square, nearest));
    force[a.index] += push;
    force[b.index] -= push;
  });
  return force;
}

/// `force` and the pull of the edges.
std::vector<cv::Point2f> with_attraction(std::vector<cv::Point2f> force,
                                         const std::vector<cv::Point2f>& points,
                                         std::span<const Edge> edges, float ideal) {
  for (const Edge& edge : edges) {
    const cv::Point2f apart = points[edge.a] - points[edge.b];
    // An edge pulls no harder than at five ideal lengths: a few long ones would otherwise fold
    // whole regions onto each other.
    const float length = std::min(length_of(apart), 5 * ideal);
    const float pull = 0.35F * edge.weight * length / ideal;
    force[edge.a] -= apart * pull;
    force[edge.b] += apart * pull;
  }
  return force;
}

}  // namespace

std::vector<cv::Point2f> place_by_similarity(const ScoreMatrix& scores) {
  const Eigen::MatrixXf centred = centred_twice(pivot_distances(scores));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver(centred.transpose() * centred);
  const Eigen::Index last = centred.cols() - 1;
  std::vector<cv::Point2f> points(scores.nodes(), cv::Point2f(0, 0));
  for (Eigen::Index axis = 0; axis < std::min<Eigen::Index>(2, centred.cols()); ++axis) {
    Eigen::VectorXf along = centred * solver.eigenvectors().col(last - axis);
    Eigen::Index furthest = 0;
    along.cwiseAbs().maxCoeff(&furthest);
    if (along[furthest] < 0) along = -along;  // an eigenvector's sign is arbitrary
    for (std::size_t i = 0; i < points.size(); ++i)
      (axis == 0 ? points[i].x : points[i].y) = along[static_cast<Eigen::Index>(i)];
  }
  // Like chips may coincide: a turn of the golden angle separates them, the same way every time.
  points = fitted(std::move(points));
  for (std::size_t i = 0; i < points.size(); ++i) {
    const float angle = 2.39996323F * static_cast<float>(i);
    points[i] += 1e-4F * cv::Point2f(std::cos(angle), std::sin(angle));
  }
  return points;
}

std::vector<cv::Point2f> lay_out(std::span<const cv::Point2f> start, std::span<const Edge> edges) {
  std::vector<cv::Point2f> points(start.begin(), start.end());
  const cv::Point2f middle(0.5F, 0.5F);
  if (points.size() < 2) return std::vector<cv::Point2f>(points.size(), middle);
  const float ideal = spacing / std::sqrt(static_cast<float>(points.size()));
  for (int i = 0; i < iterations; ++i) {
    const std::vector<cv::Point2f> force =
        with_attraction(repulsion(points, ideal), points, edges, ideal);
    const float step = 2 * ideal * (1 - static_cast<float>(i) / iterations);
    for (std::size_t k = 0; k < points.size(); ++k) {
      const float length = length_of(force[k]);
      if (length > 0) points[k] += force[k] * (std::min(length, step) / length);
    }
  }
  return fitted(std::move(points));
}

}  // namespace metamict
