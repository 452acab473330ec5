// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/chip_field.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numbers>
#include <utility>

#include "graph/block_product.hpp"
#include "image/mask.hpp"
#include "metamict/order.hpp"

namespace metamict {

namespace {

double median(std::vector<float>& values) { return quantile(values, 0.5); }

}  // namespace

ChipField::ChipField(const ChipGrid& grid, const RowMatrixXf& rows_ND, const std::vector<float>& order, double range,
                     NestedOptions options)
    : grid_(grid),
      rows_ND_(rows_ND),
      order_(order),
      range_(range),
      options_(std::move(options)),
      half_chip_(half_chip(grid)) {
  const int per_chip = (grid_.size_px + grid_.stride_px - 1) / grid_.stride_px;
  // One stride more than a chip: such chips share no pixel, so what they have in common is the material.
  const int lag = per_chip + 1;
  for (int row = 0; row < grid_.rows; ++row)
    for (int col = 0; col < grid_.cols; ++col) {
      if (col + lag < grid_.cols) add_pair(grid_.node(row, col), grid_.node(row, col + lag));
      if (row + lag < grid_.rows) add_pair(grid_.node(row, col), grid_.node(row + lag, col));
    }
}

void ChipField::add_pair(std::size_t a, std::size_t b) {
  pairs_.push_back({static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b), dissimilarity(a, b)});
}

float ChipField::dissimilarity(std::size_t a, std::size_t b) const {
  return 1 - rows_ND_.row(static_cast<Eigen::Index>(a)).dot(rows_ND_.row(static_cast<Eigen::Index>(b)));
}

bool ChipField::may_hold_a_border(const Nodes& nodes) const {
  std::vector<float> values = sample(nodes, nodes);
  return quantile(values, 0.99) >= options_.smallest_jump * range_;
}

cv::Mat ChipField::mask_of(const Nodes& nodes) const {
  cv::Mat mask = cv::Mat::zeros(grid_.rows, grid_.cols, CV_8UC1);
  for (const std::uint32_t node : nodes) mask.at<std::uint8_t>(grid_.row(node), grid_.col(node)) = 255;
  return mask;
}

cv::Mat ChipField::core_of(const Nodes& nodes) const { return eroded(mask_of(nodes), half_chip_); }

cv::Mat ChipField::cores_of(const Nodes& part) const {
  const auto innermost = [&](const Nodes& nodes) {
    const cv::Mat mask = mask_of(nodes);
    cv::Mat core = eroded(mask, half_chip_);
    for (int margin = half_chip_ - 1; cv::countNonZero(core) == 0; --margin) core = eroded(mask, margin);
    return core;
  };
  cv::Mat cores = core_of(part);
  for (const Nodes& piece : pieces(part))
    if (piece.size() >= smallest_part() / 2 && is_disordered(order_of(piece))) cores |= innermost(piece);
  return cv::countNonZero(cores) > 0 ? cores : innermost(part);
}

std::vector<Nodes> ChipField::pieces(const Nodes& nodes) const {
  cv::Mat piece_at;
  const int count = cv::connectedComponents(mask_of(nodes), piece_at, 8, CV_32S);
  std::vector<Nodes> found(static_cast<std::size_t>(count - 1));
  for (const std::uint32_t node : nodes)
    found[static_cast<std::size_t>(piece_at.at<int>(grid_.row(node), grid_.col(node)) - 1)].push_back(node);
  return found;
}

std::vector<Nodes> ChipField::unlike_pieces(const Nodes& part) const {
  std::vector<Nodes> all = pieces(part);
  std::sort(all.begin(), all.end(), [](const Nodes& a, const Nodes& b) { return a.size() > b.size(); });
  std::vector<Nodes> kinds;
  std::vector<Eigen::VectorXf> directions;
  for (const Nodes& piece : all) {
    const Eigen::VectorXf direction = direction_of(nodes_of(cores_of(piece)));
    std::size_t best = 0;
    float most = -2;
    for (std::size_t k = 0; k < kinds.size(); ++k)
      if (const float alike = direction.dot(directions[k]); alike > most) most = alike, best = k;
    const bool splinter = piece.size() < smallest_part() / 2;
    if (kinds.empty() || (!splinter && 1 - most >= options_.smallest_jump * range_)) {
      kinds.push_back(piece), directions.push_back(direction);
    } else {
      kinds[best].insert(kinds[best].end(), piece.begin(), piece.end());
    }
  }
  for (Nodes& kind : kinds) std::sort(kind.begin(), kind.end());
  return kinds;
}

double ChipField::clarity_across(const Nodes& a, const Nodes& b) const {
  constexpr std::size_t enough_pairs = 4;
  std::vector<int> set_of(grid_.chips(), 0);
  for (const std::uint32_t node : a) set_of[node] = 1;
  for (const std::uint32_t node : b) set_of[node] = 2;
  std::vector<float> across, inside_a, inside_b;
  for (const Pair& pair : pairs_) {
    const int first = set_of[pair.a], second = set_of[pair.b];
    if (first == 0 || second == 0) continue;
    (first != second ? across : first == 1 ? inside_a : inside_b).push_back(pair.dissimilarity);
  }
  if (across.size() < enough_pairs) return std::numeric_limits<double>::infinity();
  return clarity(median(across), median(inside_a), median(inside_b));
}

std::vector<Nodes> ChipField::without_stray_pieces(std::vector<Nodes> regions) const {
  for (std::size_t k = 0; k < regions.size(); ++k) {
    std::vector<Nodes> apart = pieces(regions[k]);
    std::sort(apart.begin(), apart.end(), [](const Nodes& a, const Nodes& b) { return a.size() > b.size(); });
    for (std::size_t i = 1; i < apart.size(); ++i) {
      std::vector<Nodes> parts = regions;
      parts[k] = apart[i];
      const std::vector<std::size_t> around = neighbours_of(k, parts);
      if (around.size() != 1 || clarity_across(apart[i], regions[around[0]]) >= 1) continue;
      Nodes rest;
      std::set_difference(regions[k].begin(), regions[k].end(), apart[i].begin(), apart[i].end(),
                          std::back_inserter(rest));
      regions[k] = std::move(rest);
      Nodes& wider = regions[around[0]];
      wider.insert(wider.end(), apart[i].begin(), apart[i].end());
      std::sort(wider.begin(), wider.end());
    }
  }
  return regions;
}

Nodes ChipField::core_or_all(const Nodes& part) const {
  Nodes core = nodes_of(core_of(part));
  return core.empty() ? part : core;
}

Nodes ChipField::nodes_of(const cv::Mat& mask) const {
  Nodes nodes;
  for (int row = 0; row < mask.rows; ++row)
    for (int col = 0; col < mask.cols; ++col)
      if (mask.at<std::uint8_t>(row, col) != 0) nodes.push_back(static_cast<std::uint32_t>(grid_.node(row, col)));
  return nodes;
}

Eigen::VectorXf ChipField::direction_of(const Nodes& nodes) const {
  Eigen::VectorXf mean = Eigen::VectorXf::Zero(rows_ND_.cols());
  for (const std::uint32_t node : nodes) mean += rows_ND_.row(node).transpose();
  return mean.normalized();
}

/// How clearly two parts are two: 1 or more passes.
double ChipField::clarity(double across, double inside_a, double inside_b) const {
  // fmax passes over NaN: a part too small to hold a pair has no say.
  const double rougher = std::fmax(std::fmax(inside_a, inside_b), 1e-6);
  return std::min(across / rougher / options_.separation_ratio, (across - rougher) / range_ / options_.smallest_jump);
}

std::vector<Nodes> ChipField::resolve(const Nodes& nodes, const std::vector<Nodes>& parts) const {
  // Each part by its core's mean direction, and the distance of every chip from that core, in strides.
  std::vector<Eigen::VectorXf> directions;
  std::vector<cv::Mat> distances;
  for (const Nodes& part : parts) {
    const cv::Mat core = cores_of(part);
    directions.push_back(direction_of(nodes_of(core)));
    cv::Mat distance;
    cv::distanceTransform(core == 0, distance, cv::DIST_C, cv::DIST_MASK_3);
    distances.push_back(distance);
  }
  std::vector<Nodes> resolved(directions.size());
  for (const std::uint32_t node : nodes) {
    const auto away = [&](std::size_t k) { return distances[k].at<float>(grid_.row(node), grid_.col(node)); };
    float nearest = std::numeric_limits<float>::infinity();
    for (std::size_t k = 0; k < directions.size(); ++k) nearest = std::min(nearest, away(k));
    // A chip reaches half a chip beyond its centre on either side: a core farther off has no share in it.
    const float reach = std::max(static_cast<float>(3 * half_chip_), nearest + static_cast<float>(half_chip_));
    std::size_t best = 0;
    float most = -2;
    for (std::size_t k = 0; k < directions.size(); ++k) {
      if (away(k) > reach) continue;
      const float alike = rows_ND_.row(node).dot(directions[k]);
      if (alike > most) most = alike, best = k;
    }
    resolved[best].push_back(node);
  }
  std::erase_if(resolved, [](const Nodes& part) { return part.empty(); });
  return resolved;
}

std::vector<Nodes> ChipField::regions_among(const Nodes& nodes, const std::vector<std::int32_t>& label,
                                            int count) const {
  std::vector<Nodes> parts(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < nodes.size(); ++i) parts[static_cast<std::size_t>(label[i])].push_back(nodes[i]);
  std::erase_if(parts, [&](const Nodes& part) { return part.size() < smallest_part() / 2 || !has_core(part); });
  if (parts.size() > 1) return resolve(nodes, parts);
  if (parts.empty()) return {};
  // A small region in the midst of chips that lie across its border: these stay together for now.
  Nodes rest;
  std::set_difference(nodes.begin(), nodes.end(), parts[0].begin(), parts[0].end(), std::back_inserter(rest));
  if (rest.size() < smallest_part() / 2) return {};
  parts.push_back(std::move(rest));
  return parts;
}

std::vector<std::size_t> ChipField::neighbours_of(std::size_t k, const std::vector<Nodes>& parts) const {
  cv::Mat part_at(grid_.rows, grid_.cols, CV_32S, cv::Scalar(-1));
  for (std::size_t other = 0; other < parts.size(); ++other)
    for (const std::uint32_t node : parts[other])
      part_at.at<int>(grid_.row(node), grid_.col(node)) = static_cast<int>(other);
  std::vector<std::size_t> contacts(parts.size(), 0);
  std::size_t all = 0;
  const auto meet = [&](int row, int col) {
    if (row < 0 || col < 0 || row >= grid_.rows || col >= grid_.cols) return;
    const int other = part_at.at<int>(row, col);
    if (other >= 0 && other != static_cast<int>(k)) ++contacts[static_cast<std::size_t>(other)], ++all;
  };
  for (const std::uint32_t node : parts[k]) {
    const int row = grid_.row(node), col = grid_.col(node);
    meet(row - 1, col), meet(row + 1, col), meet(row, col - 1), meet(row, col + 1);
  }
  std::vector<std::size_t> neighbours;
  for (std::size_t other = 0; other < parts.size(); ++other)
    if (5 * contacts[other] >= std::max<std::size_t>(all, 1)) neighbours.push_back(other);
  return neighbours;
}

std::vector<Nodes> ChipField::without_borders(const std::vector<Nodes>& parts) const {
  const auto angle = [](const Eigen::VectorXf& a, const Eigen::VectorXf& b) {
    return std::acos(std::clamp(static_cast<double>(a.dot(b)), -1.0, 1.0));
  };
  std::vector<Eigen::VectorXf> directions;
  for (const Nodes& part : parts) directions.push_back(direction_of(core_or_all(part)));
  const auto is_border = [&](std::size_t k) {
    if (has_core(parts[k])) return false;
    const std::vector<std::size_t> neighbours = neighbours_of(k, parts);
    for (const std::size_t a : neighbours)
      for (const std::size_t b : neighbours) {
        const double detour = angle(directions[k], directions[a]) + angle(directions[k], directions[b]);
        if (a < b && detour <= std::numbers::sqrt2 * angle(directions[a], directions[b])) return true;
      }
    return false;
  };
  std::vector<Nodes> kept;
  for (std::size_t k = 0; k < parts.size(); ++k)
    if (!is_border(k)) kept.push_back(parts[k]);
  return kept.empty() ? parts : kept;  // four parts in a square would each lie between two others
}

/// Dissimilarities between two sets, over at most about 300 x 300 evenly taken chips.
std::vector<float> ChipField::sample(const Nodes& a, const Nodes& b) const {
  const auto some_of = [&](const Nodes& nodes) {
    Nodes some;
    for (std::size_t i = 0; i < nodes.size(); i += std::max<std::size_t>(1, nodes.size() / 300))
      some.push_back(nodes[i]);
    return some;
  };
  const Nodes some_a = some_of(a), some_b = some_of(b);
  const RowMatrixXf cosines = row_products(rows_ND_(some_a, Eigen::all), rows_ND_(some_b, Eigen::all));
  std::vector<float> values;
  for (std::size_t i = 0; i < some_a.size(); ++i)
    for (std::size_t j = 0; j < some_b.size(); ++j)
      if (some_a[i] != some_b[j])
        values.push_back(1 - cosines(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)));
  return values;
}

/// Parts that nowhere lie a chip apart are compared as wholes, by their cores.
double ChipField::clarity_at_a_distance(const Nodes& a, const Nodes& b) const {
  Nodes core_a = nodes_of(core_of(a)), core_b = nodes_of(core_of(b));
  if (core_a.empty() || core_b.empty()) core_a = a, core_b = b;
  std::vector<float> across = sample(core_a, core_b), in_a = sample(core_a, core_a), in_b = sample(core_b, core_b);
  return clarity(median(across), median(in_a), median(in_b));
}

double ChipField::order_of(const Nodes& part) const {
  if (order_.empty()) return 0;
  std::vector<float> values;
  for (const std::uint32_t node : core_or_all(part)) values.push_back(order_[node]);
  return median(values);
}

/// Parts on their way to regions: how clearly every two are two, by the variogram's jump, or because one has a lattice
/// and the other none.
class ChipField::Joining {
 public:
  Joining(const ChipField& field, std::vector<Nodes> parts)
      : field_(field),
        parts_(std::move(parts)),
        across_(parts_.size(), std::vector<std::vector<float>>(parts_.size())) {
    std::vector<std::int32_t> part_of(field.grid_.chips(), -1);
    for (std::size_t k = 0; k < parts_.size(); ++k)
      for (const std::uint32_t node : parts_[k]) part_of[node] = static_cast<std::int32_t>(k);
    for (const Pair& pair : field.pairs_) {
      const std::int32_t a = part_of[pair.a], b = part_of[pair.b];
      if (a >= 0 && b >= 0)
        across(static_cast<std::size_t>(a), static_cast<std::size_t>(b)).push_back(pair.dissimilarity);
    }
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      order_.push_back(field.order_of(parts_[k]));
      apart_.emplace_back(k, 0.0);
    }
  }

  std::vector<Nodes> run() {
    // Neighbours first: what lies far apart is compared only once there is little left to compare.
    for (const bool at_a_distance : {false, true}) {
      at_a_distance_ = at_a_distance;
      for (std::size_t k = 0; k < parts_.size(); ++k) measure(k);
      while (parts_.size() > 1) {
        std::size_t first = 1, second = 0;
        for (std::size_t a = 0; a < parts_.size(); ++a)
          for (std::size_t b = 0; b < a; ++b)
            if (apart_[a][b] < apart_[first][second]) first = a, second = b;
        if (apart_[first][second] >= 1) break;
        merge(first, second);
      }
    }
    return std::move(parts_);
  }

 private:
  /// Dissimilarities of chips one chip apart, one in each part (or both in one).
  std::vector<float>& across(std::size_t a, std::size_t b) { return across_[std::max(a, b)][std::min(a, b)]; }

  /// 1 where one has a lattice and the other none. Below 1 it only puts the joins in order: what fades goes with what
  /// is nearest to it; joined by looks alone, it would bridge crystal and glass.
  double clarity_of_order(double low, double high) const {
    constexpr double full_gap = 0.6;
    // Scan lines and contamination repeat too: beside a good crystal a glass is one even so.
    const bool without = low <= std::max(disordered_to, high / 4);
    if (is_ordered(high) && without && high - low >= field_.options_.order_gap) return 1;
    return std::min((high - low) / full_gap, 0.99);
  }

  double clarity(std::size_t a, std::size_t b) {
    constexpr std::size_t enough_pairs = 4;
    const double low = std::min(order_[a], order_[b]), high = std::max(order_[a], order_[b]);
    std::vector<float>& found = across(a, b);
    double result = std::numeric_limits<double>::infinity();
    if (found.size() >= enough_pairs)
      result = field_.clarity(median(found), median(across(a, a)), median(across(b, b)));
    else if (at_a_distance_)
      result = field_.clarity_at_a_distance(parts_[a], parts_[b]);
    return std::max(result, clarity_of_order(low, high));
  }

  void measure(std::size_t k) {
    for (std::size_t other = 0; other < parts_.size(); ++other)
      if (other != k) apart_[std::max(k, other)][std::min(k, other)] = clarity(k, other);
  }

  /// b < a; the parts after a move up by one.
  void merge(std::size_t a, std::size_t b) {
    const auto move = [](auto& from, auto& to) { to.insert(to.end(), from.begin(), from.end()); };
    move(across(a, a), across(b, b));
    move(across(a, b), across(b, b));
    for (std::size_t k = 0; k < parts_.size(); ++k)
      if (k != a && k != b) move(across(a, k), across(b, k));
    move(parts_[a], parts_[b]);
    std::sort(parts_[b].begin(), parts_[b].end());
    const auto drop = [a](auto& row) { row.erase(row.begin() + static_cast<std::ptrdiff_t>(a)); };
    drop(parts_), drop(order_), drop(apart_), drop(across_);
    for (std::size_t k = a; k < parts_.size(); ++k) drop(apart_[k]);
    for (auto& row : across_) drop(row);
    order_[b] = field_.order_of(parts_[b]);
    measure(b);
  }

  const ChipField& field_;
  std::vector<Nodes> parts_;
  std::vector<std::vector<std::vector<float>>> across_;
  std::vector<double> order_;
  std::vector<std::vector<double>> apart_;  // [a][b], b < a
  bool at_a_distance_ = false;
};

std::vector<Nodes> ChipField::join_alike(std::vector<Nodes> parts) const {
  return Joining(*this, std::move(parts)).run();
}

}  // namespace metamict
