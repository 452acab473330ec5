// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/joining.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "metamict/order.hpp"
#include "rules/interfaces.hpp"

namespace metamict {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// How clear a jump is, from dissimilarities in the median: across a border, and inside either
/// part. The more two parts differ in their order, the less steep it has to be.
double clarity(const ChipField& field, double ratio, double order_gap, double across,
               double inside_a, double inside_b) {
  constexpr double least_rough = 1e-6;
  const JumpOptions& jump = field.options().jump;
  // fmax passes over NaN: a part too small to hold a pair has no say.
  const double rougher =
      std::fmax(std::fmax(inside_a, inside_b), std::max(least_rough, field.noise()));
  const double steep = across / rougher / ratio,
               rise = (across - rougher) / field.range() / jump.least;
  return std::max(std::min(steep, rise),
                  std::min(steep, 1.0) * order_gap / field.options().order.least);
}

/// The least ratio of a jump between two parts that touch.
double least_ratio(const ChipField& field, double higher_order) {
  const JumpOptions& jump = field.options().jump;
  const bool has_lattice = is_ordered(higher_order) || !field.knows_order();
  return has_lattice ? jump.ratio : jump.ratio_without_lattice;
}

/// Of two parts as wholes, by their cores.
double clarity_at_a_distance(const ChipField& field, const Nodes& a, const Nodes& b) {
  const bool cores = field.has_core(a) && field.has_core(b);
  const Nodes some_a = cores ? field.core_or_all(a) : a, some_b = cores ? field.core_or_all(b) : b;
  return clarity(field, field.options().jump.ratio, 0, median(field.sample(some_a, some_b)),
                 median(field.sample(some_a, some_a)), median(field.sample(some_b, some_b)));
}

/// Parts on their way to regions, with how clear the border between every two is.
class Joining {
 public:
  Joining(const ChipField& field, std::vector<Nodes> parts)
      : field_(field),
        parts_(std::move(parts)),
        meet_(field.grid(), parts_),
        across_(parts_.size(), std::vector<std::vector<float>>(parts_.size())) {
    std::vector<std::int32_t> part_of(field.grid().chips(), -1);
    for (std::size_t k = 0; k < parts_.size(); ++k)
      for (const std::uint32_t node : parts_[k]) part_of[node] = static_cast<std::int32_t>(k);
    for (std::size_t k = 0; k < parts_.size(); ++k)
      field.for_pairs_from(parts_[k], [&](std::uint32_t, std::uint32_t b, float dissimilarity) {
        if (part_of[b] >= 0)
          across(k, static_cast<std::size_t>(part_of[b])).push_back(dissimilarity);
      });
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      order_.push_back(field.order_of(parts_[k]));
      clarity_.emplace_back(k, 0.0);
    }
  }

  std::vector<Nodes> run() {
    // What does not touch is compared only once there is little left to compare.
    for (const bool at_a_distance : {false, true}) {
      at_a_distance_ = at_a_distance;
      for (std::size_t k = 0; k < parts_.size(); ++k) measure(k);
      while (parts_.size() > 1) {
        const auto [a, b] = least_clear();
        if (clarity_[a][b] >= 1) break;
        merge(a, b);
      }
    }
    return std::move(parts_);
  }

 private:
  /// Dissimilarities of chips one chip apart, one in each part (or both in one).
  std::vector<float>& across(std::size_t a, std::size_t b) {
    return across_[std::max(a, b)][std::min(a, b)];
  }

  std::pair<std::size_t, std::size_t> least_clear() const {
    std::pair<std::size_t, std::size_t> least{1, 0};
    for (std::size_t a = 0; a < parts_.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (clarity_[a][b] < clarity_[least.first][least.second]) least = {a, b};
    return least;
  }

  double clarity_between(std::size_t a, std::size_t b) {
    std::vector<float>& found = across(a, b);
    const auto [low, high] = std::minmax(order_[a], order_[b]);
    double looks = infinite;
    if (!found.empty())
      looks = clarity(field_, least_ratio(field_, high), high - low, median(found),
                      median(across(a, a)), median(across(b, b)));
    else if (at_a_distance_)
      looks = clarity_at_a_distance(field_, parts_[a], parts_[b]);
    if (!found.empty() && !is_ordered(high) && lie_on_two_sides(a, b))
      looks = std::max(looks, clarity_of_means(a, b));
    return std::max(looks, clarity_of_order(field_.options().order, low, high));
  }

  /// Whether a lattice's line with one of two parts runs on between the two: glass below a cap. A
  /// part without a core may be the border itself.
  bool lie_on_two_sides(std::size_t a, std::size_t b) const {
    if (!field_.has_core(parts_[a]) || !field_.has_core(parts_[b])) return false;
    double least = 1;
    for (std::size_t c = 0; c < parts_.size(); ++c)
      if (is_ordered(order_[c])) least = std::min(least, meet_.on_one_side_of(c, a, b));
    return least < 0.5;
  }

  double clarity_of_means(std::size_t a, std::size_t b) const {
    const double unlike =
        1 - field_.direction_of_cores(parts_[a]).dot(field_.direction_of_cores(parts_[b]));
    return unlike / (field_.options().jump.least_apart * field_.range());
  }

  void measure(std::size_t k) {
    for (std::size_t other = 0; other < parts_.size(); ++other)
      if (other != k) clarity_[std::max(k, other)][std::min(k, other)] = clarity_between(k, other);
  }

  /// Part a goes into part b < a; the parts after it move up by one.
  void merge(std::size_t a, std::size_t b) {
    const auto move = [](auto& from, auto& to) { to.insert(to.end(), from.begin(), from.end()); };
    move(across(a, a), across(b, b));
    move(across(a, b), across(b, b));
    for (std::size_t k = 0; k < parts_.size(); ++k)
      if (k != a && k != b) move(across(a, k), across(b, k));
    move(parts_[a], parts_[b]);
    std::sort(parts_[b].begin(), parts_[b].end());
    drop(a);
    meet_.merge(a, b);
    order_[b] = field_.order_of(parts_[b]);
    measure(b);
  }

  void drop(std::size_t a) {
    const auto drop_from = [a](auto& row) {
      row.erase(row.begin() + static_cast<std::ptrdiff_t>(a));
    };
    drop_from(parts_);
    drop_from(order_);
    drop_from(clarity_);
    drop_from(across_);
    for (std::size_t k = a; k < parts_.size(); ++k) drop_from(clarity_[k]);
    for (auto& row : across_) drop_from(row);
  }

  const ChipField& field_;
  std::vector<Nodes> parts_;
  Interfaces meet_;
  std::vector<std::vector<std::vector<float>>> across_;
  std::vector<double> order_;
  std::vector<std::vector<double>> clarity_;  // [a][b], b < a
  bool at_a_distance_ = false;
};

}  // namespace

double clarity_of_order(const OrderGapOptions& gap, double low, double high) {
  constexpr double below_one = 0.99;
  const bool without = low <= std::max(disordered_to, gap.glass_share * high);
  if (is_ordered(high) && without && high - low >= gap.least) return 1;
  return std::min((high - low) / gap.full, below_one);
}

bool may_hold_a_border(const ChipField& field, const Nodes& part) {
  return field.any_unlike(part, field.options().jump.least * field.range());
}

double clarity_across(const ChipField& field, const Nodes& a, const Nodes& b) {
  std::vector<int> set_of(field.grid().chips(), 0);
  for (const std::uint32_t node : a) set_of[node] = 1;
  for (const std::uint32_t node : b) set_of[node] = 2;
  std::vector<float> across, inside_a, inside_b;
  for (const Nodes* const from : {&a, &b})
    field.for_pairs_from(*from, [&](std::uint32_t one, std::uint32_t other, float dissimilarity) {
      const int first = set_of[one], second = set_of[other];
      if (second == 0) return;
      (first != second ? across : first == 1 ? inside_a : inside_b).push_back(dissimilarity);
    });
  if (across.empty()) return infinite;
  const double order_a = field.order_of(a), order_b = field.order_of(b);
  return clarity(field, least_ratio(field, std::max(order_a, order_b)), std::abs(order_a - order_b),
                 median(across), median(inside_a), median(inside_b));
}

std::vector<Nodes> join_alike(const ChipField& field, std::vector<Nodes> parts) {
  return Joining(field, std::move(parts)).run();
}

}  // namespace metamict
