// SPDX-License-Identifier: GPL-3.0-or-later
#include "nested_rule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace metamict {

namespace {

using Nodes = std::vector<std::uint32_t>;

double quantile(std::vector<float>& values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(share * static_cast<double>(values.size()),
                                                                        static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double median(std::vector<float>& values) { return quantile(values, 0.5); }

/// The similarity scores of some of the chips, rescaled to their own least and most alike pair.
Similarity restrict_to(const Similarity& similarity, const Nodes& nodes, const std::filesystem::path& spill) {
  auto scores = std::make_shared<ScoreMatrix>(nodes.size(), spill);
  Quantum low = 65535, high = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Quantum* row = similarity.scores->row(nodes[i]);
    for (std::size_t j = 0; j < i; ++j) low = std::min(low, row[nodes[j]]), high = std::max(high, row[nodes[j]]);
  }
  Similarity part;
  part.statistics.counts.assign(65536, 0);
  const double scale = high > low ? 65535.0 / (high - low) : 0.0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Quantum* row = similarity.scores->row(nodes[i]);
    for (std::size_t j = 0; j < nodes.size(); ++j) {
      const auto q = i == j      ? Quantum{0}
                     : scale > 0 ? static_cast<Quantum>(std::lround((row[nodes[j]] - low) * scale))
                                 : Quantum{65535};
      scores->row(i)[j] = q;
      if (j < i) ++part.statistics.counts[q];
    }
  }
  double sum = 0;
  part.statistics.pairs = nodes.size() * (nodes.size() - 1) / 2;
  for (std::size_t q = 0; q < 65536; ++q)
    sum += static_cast<double>(part.statistics.counts[q]) * score_of(static_cast<Quantum>(q));
  part.statistics.mean = sum / static_cast<double>(part.statistics.pairs);
  part.scores = std::move(scores);
  return part;
}

/// The chips in space: who lies a chip apart, who is surrounded by its own kind.
class Field {
 public:
  Field(const Result& result, const NestedOptions& options) : result_(result), grid_(result.grid), options_(options) {
    const SimilarityStatistics& s = result.similarity.statistics;
    range_ = result.similarity.scale == SimilarityScale::raw ? 1.0 : std::max(1e-9, s.max_cosine - s.min_cosine);
    const int per_chip = (grid_.size_px + grid_.stride_px - 1) / grid_.stride_px;
    half_chip_ = std::max(1, per_chip / 2);
    // One stride more than a chip: such chips share no pixel, so what they have in common is the material.
    const int lag = per_chip + 1;
    for (int row = 0; row < grid_.rows; ++row)
      for (int col = 0; col < grid_.cols; ++col) {
        if (col + lag < grid_.cols) add_pair(grid_.node(row, col), grid_.node(row, col + lag));
        if (row + lag < grid_.rows) add_pair(grid_.node(row, col), grid_.node(row + lag, col));
      }
  }

  std::size_t smallest_part() const { return static_cast<std::size_t>((2 * half_chip_ + 1) * (2 * half_chip_ + 1)); }

  /// False where even the least alike chips are too alike for a border's jump.
  bool may_hold_a_border(const Nodes& nodes) const {
    std::vector<float> values = sample(nodes, nodes);
    return quantile(values, 0.99) >= options_.smallest_jump * range_;
  }

  /// Parts that resolve: splinters and borders dissolved into the most alike part nearby. Empty where fewer than two
  /// do.
  std::vector<Nodes> resolve(const Nodes& nodes, const std::vector<std::int32_t>& label, int count) const;

  /// Joins the pair of parts that is least apart until all are clearly apart.
  std::vector<Nodes> join_alike(std::vector<Nodes> parts) const;

 private:
  struct Pair {
    std::uint32_t a, b;
    float dissimilarity;
  };

  void add_pair(std::size_t a, std::size_t b) {
    pairs_.push_back({static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b), dissimilarity(a, b)});
  }

  /// 1 - cosine, from the quantised score.
  float dissimilarity(std::size_t a, std::size_t b) const {
    const Similarity& similarity = result_.similarity;
    const double score = similarity.score(a, b);
    if (similarity.scale == SimilarityScale::raw) return static_cast<float>(1 - score);
    const SimilarityStatistics& s = similarity.statistics;
    return static_cast<float>(1 - (s.min_cosine + score * (s.max_cosine - s.min_cosine)));
  }

  cv::Mat mask_of(const Nodes& nodes) const {
    cv::Mat mask = cv::Mat::zeros(grid_.rows, grid_.cols, CV_8UC1);
    for (const std::uint32_t node : nodes) mask.at<std::uint8_t>(grid_.row(node), grid_.col(node)) = 255;
    return mask;
  }

  /// Chips whose neighbours to half a chip's width are all of the part; beyond the image's edge counts as of it.
  cv::Mat core_of(const Nodes& nodes) const {
    cv::Mat core;
    const int width = 2 * half_chip_ + 1;
    cv::erode(mask_of(nodes), core, cv::Mat::ones(width, width, CV_8UC1));
    return core;
  }

  Nodes nodes_of(const cv::Mat& mask) const {
    Nodes nodes;
    for (int row = 0; row < mask.rows; ++row)
      for (int col = 0; col < mask.cols; ++col)
        if (mask.at<std::uint8_t>(row, col) != 0) nodes.push_back(static_cast<std::uint32_t>(grid_.node(row, col)));
    return nodes;
  }

  /// How clearly two parts are two: 1 or more passes.
  double clarity(double across, double inside_a, double inside_b) const {
    // fmax passes over NaN: a part too small to hold a pair has no say.
    const double rougher = std::fmax(std::fmax(inside_a, inside_b), 1e-6);
    return std::min(across / rougher / options_.separation_ratio, (across - rougher) / range_ / options_.smallest_jump);
  }
  std::vector<float> sample(const Nodes& a, const Nodes& b) const;
  double clarity_at_a_distance(const Nodes& a, const Nodes& b) const;
  std::vector<double> clarities(const std::vector<Nodes>& parts) const;
  double order_of(const Nodes& part) const;

  const Result& result_;
  const ChipGrid& grid_;
  NestedOptions options_;
  double range_ = 1;
  int half_chip_ = 1;
  std::vector<Pair> pairs_;
};

std::vector<Nodes> Field::resolve(const Nodes& nodes, const std::vector<std::int32_t>& label, int count) const {
  std::vector<Nodes> parts(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < nodes.size(); ++i) parts[static_cast<std::size_t>(label[i])].push_back(nodes[i]);
  // Each part that resolves, by its mean direction and the distance of every chip from its core, in strides.
  std::vector<Eigen::VectorXf> directions;
  std::vector<cv::Mat> distances;
  for (const Nodes& part : parts) {
    if (part.size() < smallest_part() / 2) continue;
    const cv::Mat core = core_of(part);
    const Nodes inside = nodes_of(core);
    if (inside.empty()) continue;
    Eigen::VectorXf mean = Eigen::VectorXf::Zero(result_.embeddings.rows_ND.cols());
    for (const std::uint32_t node : inside) mean += result_.embeddings.rows_ND.row(node).transpose();
    directions.push_back(mean.normalized());
    cv::Mat distance;
    cv::distanceTransform(core == 0, distance, cv::DIST_C, cv::DIST_MASK_3);
    distances.push_back(distance);
  }
  if (directions.size() < 2) return {};
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
      const float alike = result_.embeddings.rows_ND.row(node).dot(directions[k]);
      if (alike > most) most = alike, best = k;
    }
    resolved[best].push_back(node);
  }
  std::erase_if(resolved, [](const Nodes& part) { return part.empty(); });
  return resolved;
}

/// Dissimilarities between two sets, over at most about 300 x 300 evenly taken chips.
std::vector<float> Field::sample(const Nodes& a, const Nodes& b) const {
  const auto step = [](const Nodes& nodes) { return std::max<std::size_t>(1, nodes.size() / 300); };
  std::vector<float> values;
  for (std::size_t i = 0; i < a.size(); i += step(a))
    for (std::size_t j = 0; j < b.size(); j += step(b))
      if (a[i] != b[j]) values.push_back(dissimilarity(a[i], b[j]));
  return values;
}

/// Parts that nowhere lie a chip apart are compared as wholes, by their cores.
double Field::clarity_at_a_distance(const Nodes& a, const Nodes& b) const {
  Nodes core_a = nodes_of(core_of(a)), core_b = nodes_of(core_of(b));
  if (core_a.empty() || core_b.empty()) core_a = a, core_b = b;
  std::vector<float> across = sample(core_a, core_b), in_a = sample(core_a, core_a), in_b = sample(core_b, core_b);
  return clarity(median(across), median(in_a), median(in_b));
}

/// Median order index of a part's core; of all its chips where it has none.
double Field::order_of(const Nodes& part) const {
  const Nodes core = nodes_of(core_of(part));
  std::vector<float> values;
  for (const std::uint32_t node : core.empty() ? part : core) values.push_back(result_.order[node]);
  return median(values);
}

/// How clearly every two parts are two, row-major: by the variogram's jump, or because one has a lattice and the other
/// none.
std::vector<double> Field::clarities(const std::vector<Nodes>& parts) const {
  const std::size_t count = parts.size();
  std::vector<std::int32_t> part_of(grid_.chips(), -1);
  for (std::size_t k = 0; k < count; ++k)
    for (const std::uint32_t node : parts[k]) part_of[node] = static_cast<std::int32_t>(k);
  std::vector<std::vector<float>> found(count * count);
  for (const Pair& pair : pairs_) {
    const std::int32_t a = part_of[pair.a], b = part_of[pair.b];
    if (a >= 0 && b >= 0)
      found[static_cast<std::size_t>(std::max(a, b)) * count + static_cast<std::size_t>(std::min(a, b))].push_back(
          pair.dissimilarity);
  }
  std::vector<double> inside(count);
  for (std::size_t k = 0; k < count; ++k) inside[k] = median(found[k * count + k]);
  std::vector<double> result(count * count, 0.0), order(count);
  for (std::size_t k = 0; k < count; ++k) order[k] = result_.order.empty() ? 0.0 : order_of(parts[k]);
  constexpr std::size_t enough_pairs = 4;
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b < a; ++b) {
      std::vector<float>& across = found[a * count + b];
      result[a * count + b] = across.size() >= enough_pairs ? clarity(median(across), inside[a], inside[b])
                                                            : clarity_at_a_distance(parts[a], parts[b]);
      if (is_ordered(order[a]) != is_ordered(order[b]) && std::abs(order[a] - order[b]) >= options_.order_gap)
        result[a * count + b] = std::max(result[a * count + b], 1.0);
    }
  return result;
}

std::vector<Nodes> Field::join_alike(std::vector<Nodes> parts) const {
  while (parts.size() > 1) {
    const std::vector<double> apart = clarities(parts);
    std::size_t first = 1, second = 0;
    for (std::size_t a = 0; a < parts.size(); ++a)
      for (std::size_t b = 0; b < a; ++b)
        if (apart[a * parts.size() + b] < apart[first * parts.size() + second]) first = a, second = b;
    if (apart[first * parts.size() + second] >= 1) break;
    parts[second].insert(parts[second].end(), parts[first].begin(), parts[first].end());
    std::sort(parts[second].begin(), parts[second].end());
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return parts;
}

/// Splits from the whole image down; parts that no border parts are joined again, but only after a look inside each: a
/// gentle change over a large region would otherwise hide a small region behind it.
class Splitter {
 public:
  Splitter(const Result& result, const CommunityOptions& options, const NestedOptions& nested, const Progress& progress)
      : result_(result), options_(options), progress_(progress), spill_(nested.spill), field_(result, nested) {
    communities_.node_stability.assign(result.grid.chips(), 1.0F);
  }

  Communities run() {
    Nodes all(result_.grid.chips());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
    const std::vector<Nodes> parts = field_.join_alike(split(all, 0));
    communities_.community.assign(all.size(), 0);
    for (std::size_t k = 0; k < parts.size(); ++k)
      for (const std::uint32_t node : parts[k]) communities_.community[node] = static_cast<std::int32_t>(k);
    // Once more over the whole: chips on a border choose among all final regions.
    if (const auto resolved = field_.resolve(all, communities_.community, static_cast<int>(parts.size()));
        !resolved.empty())
      for (std::size_t k = 0; k < resolved.size(); ++k)
        for (const std::uint32_t node : resolved[k]) communities_.community[node] = static_cast<std::int32_t>(k);
    communities_.count = number_canonically(communities_.community);
    return std::move(communities_);
  }

 private:
  /// The regions within some chips: the chips themselves where there is no border.
  std::vector<Nodes> split(const Nodes& nodes, int depth) {
    constexpr int deepest = 12;
    if (nodes.size() < 2 * field_.smallest_part() || depth > deepest || !field_.may_hold_a_border(nodes))
      return {nodes};
    const std::vector<Nodes> proposed = propose(nodes);
    if (proposed.size() < 2) return {nodes};
    const std::vector<Nodes> apart = field_.join_alike(proposed);
    std::vector<Nodes> regions;
    for (const Nodes& part : apart.size() > 1 ? apart : proposed)
      for (Nodes& region : split(part, depth + 1)) regions.push_back(std::move(region));
    return apart.size() > 1 ? regions : field_.join_alike(std::move(regions));
  }

  std::vector<Nodes> propose(const Nodes& nodes) {
    const Similarity own =
        nodes.size() == result_.grid.chips() ? result_.similarity : restrict_to(result_.similarity, nodes, spill_);
    const ChipGraph graph = link(own, choose_cut(own, parse_cut_rule("mean")));
    const Communities found = find_communities(graph, options_, progress_);
    if (communities_.engine.empty()) communities_.engine = found.engine;
    std::vector<Nodes> parts = field_.resolve(nodes, found.community, found.count);
    if (parts.size() < 2) return {};
    communities_.stability = std::min(communities_.stability, found.stability);
    for (std::size_t i = 0; i < nodes.size(); ++i) communities_.node_stability[nodes[i]] *= found.node_stability[i];
    return parts;
  }

  const Result& result_;
  const CommunityOptions& options_;
  const Progress& progress_;
  std::filesystem::path spill_;
  Field field_;
  Communities communities_;
};

}  // namespace

Communities find_nested(const Result& result, const CommunityOptions& options, const NestedOptions& nested,
                        const Progress& progress) {
  return Splitter(result, options, nested, progress).run();
}

}  // namespace metamict
