// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/clusterings.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "base/parallel.hpp"
#include "base/system/beside_library.hpp"
#include "base/text.hpp"
#include "encoder/torch/torch_plugin.hpp"
#include "graph/chip_sample.hpp"
#include "graph/principal_directions.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

constexpr int most_groups = 10;  // that `auto` tries

/// The communities of all chips, from a group for each chip of `scene.chips`.
Communities communities_of(const std::vector<std::int32_t>& groups, const Scene& scene,
                           std::string note) {
  Communities communities;
  communities.community.assign(scene.grid.chips(), -1);
  communities.node_stability.assign(scene.grid.chips(), 1.0F);
  for (std::size_t i = 0; i < scene.chips.size(); ++i)
    communities.community[scene.chips[i]] = groups[i];
  communities.count = number_canonically(communities.community);
  communities.engine = "clustering";
  if (!note.empty()) communities.notes.push_back(std::move(note));
  return communities;
}

std::string told(const RuleArguments& arguments, int count, const std::string& criterion) {
  if (arguments.count) return {};
  return std::to_string(count) + (count == 1 ? " group" : " groups") + " by " + criterion;
}

/// The first principal components of some rows, N x D.
RowMatrixXf principal_components(const RowMatrixXf& rows_ND, int wanted) {
  const Eigen::RowVectorXf mean = rows_ND.colwise().mean();
  // Directions from at most so many rows, evenly taken: the covariance needs no more.
  constexpr Eigen::Index most_rows = 4000;
  const Eigen::Index step = std::max<Eigen::Index>(1, rows_ND.rows() / most_rows);
  const Eigen::Index count = (rows_ND.rows() + step - 1) / step;
  RowMatrixXf some(count, rows_ND.cols());
  for (Eigen::Index i = 0; i < count; ++i) some.row(i) = rows_ND.row(i * step) - mean;
  return (rows_ND.rowwise() - mean) * principal_directions(some, wanted).transpose();
}

struct Partition {
  std::vector<std::int32_t> groups;
  double compactness = 0;
};

Partition kmeans(const RowMatrixXf& rows, int count, const CommunityOptions& options) {
  const int groups = std::min<int>(count, static_cast<int>(rows.rows()));
  if (groups < 2) return {std::vector<std::int32_t>(static_cast<std::size_t>(rows.rows()), 0), 0};
  const cv::Mat data(static_cast<int>(rows.rows()), static_cast<int>(rows.cols()), CV_32F,
                     const_cast<float*>(rows.data()));
  cv::Mat labels;
  cv::theRNG().state = options.seed + 0x9E3779B97F4A7C15ULL;  // of this thread only
  Partition partition;
  partition.compactness =
      cv::kmeans(data, groups, labels, cv::TermCriteria(cv::TermCriteria::MAX_ITER, 100, 0),
                 std::max(1, options.runs), cv::KMEANS_PP_CENTERS);
  partition.groups.assign(labels.begin<int>(), labels.end<int>());
  return partition;
}

/// The mean silhouette of at most 1,000 rows.
double silhouette(const RowMatrixXf& rows, const std::vector<std::int32_t>& groups, int count) {
  constexpr Eigen::Index most_rows = 1000;
  const Eigen::Index step = std::max<Eigen::Index>(1, rows.rows() / most_rows);
  std::vector<Eigen::Index> some;
  for (Eigen::Index i = 0; i < rows.rows(); i += step) some.push_back(i);
  double sum = 0;
  for (const Eigen::Index i : some) {
    std::vector<double> distance(static_cast<std::size_t>(count), 0),
        members(static_cast<std::size_t>(count), 0);
    for (const Eigen::Index j : some) {
      if (i == j) continue;
      const auto group = static_cast<std::size_t>(groups[static_cast<std::size_t>(j)]);
      distance[group] += (rows.row(i) - rows.row(j)).norm();
      members[group] += 1;
    }
    const auto own = static_cast<std::size_t>(groups[static_cast<std::size_t>(i)]);
    if (members[own] == 0) continue;
    const double inside = distance[own] / members[own];
    double outside = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < members.size(); ++k)
      if (k != own && members[k] > 0) outside = std::min(outside, distance[k] / members[k]);
    if (std::isfinite(outside)) sum += (outside - inside) / std::max({outside, inside, 1e-12});
  }
  return some.empty() ? 0 : sum / static_cast<double>(some.size());
}

RowMatrixXf rows_of(const Scene& scene) {
  return scene.embeddings.rows_ND(scene.chips, Eigen::all);
}

/// Of the chips that are compared: those of a sample, or all that are looked at.
const Nodes& compared(const Scene& scene) {
  return scene.similarity.chips.empty() ? scene.chips : scene.similarity.chips;
}

/// Groups of the chips that are compared, spread over all that are looked at.
std::vector<std::int32_t> over_all(const std::vector<std::int32_t>& groups, const Nodes& some,
                                   const Scene& scene, int threads) {
  Communities found;
  found.community = groups;
  found.count = *std::max_element(groups.begin(), groups.end()) + 1;
  found.node_stability.assign(groups.size(), 1.0F);
  return spread(found, some, scene.chips, scene.embeddings.rows_ND, threads).community;
}

/// D^-1/2 W D^-1/2 of the scores times some columns.
class NormalisedScores {
 public:
  NormalisedScores(const ScoreMatrix& scores, int threads)
      : scores_(scores), threads_(threads), root_(static_cast<Eigen::Index>(scores.nodes())) {
    parallel_for(scores.nodes(), threads, [&](std::size_t, std::size_t i) {
      double degree = 0;
      for (std::size_t j = 0; j < scores.nodes(); ++j) degree += scores.row(i)[j];
      root_[static_cast<Eigen::Index>(i)] = static_cast<float>(std::sqrt(std::max(degree, 1.0)));
    });
  }

  RowMatrixXf times(const RowMatrixXf& columns) const {
    const RowMatrixXf scaled = root_.cwiseInverse().asDiagonal() * columns;
    RowMatrixXf product(columns.rows(), columns.cols());
    parallel_for(scores_.nodes(), threads_, [&](std::size_t, std::size_t i) {
      const Eigen::Map<const Eigen::Matrix<Quantum, 1, Eigen::Dynamic>> row(
          scores_.row(i), static_cast<Eigen::Index>(scores_.nodes()));
      const auto at = static_cast<Eigen::Index>(i);
      product.row(at) = row.cast<float>() * scaled / root_[at];
    });
    return product;
  }

 private:
  const ScoreMatrix& scores_;
  int threads_;
  Eigen::VectorXf root_;
};

/// The largest eigenvalues of the normalised scores with their vectors, one column each, falling;
/// by subspace iteration.
std::pair<Eigen::VectorXf, Eigen::MatrixXf> leading_vectors(const Similarity& similarity, int count,
                                                            int threads) {
  constexpr int rounds = 30, spare = 4;
  const NormalisedScores matrix(*similarity.scores, threads);
  const auto nodes = static_cast<Eigen::Index>(similarity.nodes());
  const Eigen::Index columns = std::min<Eigen::Index>(nodes, count + spare);
  std::mt19937_64 random(7);
  std::normal_distribution<float> normal;
  Eigen::MatrixXf basis =
      Eigen::MatrixXf::NullaryExpr(nodes, columns, [&] { return normal(random); });
  const auto orthogonal = [&](const Eigen::MatrixXf& some) -> Eigen::MatrixXf {
    return Eigen::HouseholderQR<Eigen::MatrixXf>(some).householderQ() *
           Eigen::MatrixXf::Identity(nodes, columns);
  };
  for (int round = 0; round < rounds; ++round) basis = orthogonal(matrix.times(basis));
  const Eigen::MatrixXf small = basis.transpose() * matrix.times(basis);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXf> solver((small + small.transpose()) / 2);
  const Eigen::MatrixXf vectors = basis * solver.eigenvectors().rowwise().reverse();
  return {solver.eigenvalues().reverse().head(count), vectors.leftCols(count)};
}

/// A graph of pixels that Felzenszwalb and Huttenlocher (2004) cut: neighbours are joined, the most
/// alike first, while they differ by less than either side does inside. OpenCV has it in a module
/// that would load 147 libraries at every start.
class PixelSegments {
 public:
  PixelSegments(const cv::Mat& grey, float scale, std::size_t least_px)
      : parent_(grey.total()), sizes_(grey.total(), 1), inside_(grey.total(), 0) {
    std::iota(parent_.begin(), parent_.end(), 0U);
    struct Link {
      float weight;
      std::uint32_t a, b;
    };
    std::vector<Link> links;
    for (int y = 0; y < grey.rows; ++y)
      for (int x = 0; x < grey.cols; ++x)
        for (const cv::Point step :
             {cv::Point(1, 0), cv::Point(0, 1), cv::Point(1, 1), cv::Point(1, -1)}) {
          const cv::Point to = cv::Point(x, y) + step;
          if (!cv::Rect({}, grey.size()).contains(to)) continue;
          links.push_back({std::abs(grey.at<float>(y, x) - grey.at<float>(to)),
                           static_cast<std::uint32_t>(y * grey.cols + x),
                           static_cast<std::uint32_t>(to.y * grey.cols + to.x)});
        }
    std::stable_sort(links.begin(), links.end(),
                     [](const Link& a, const Link& b) { return a.weight < b.weight; });
    for (const Link& link : links) {
      const std::uint32_t a = root(link.a), b = root(link.b);
      if (a == b) continue;
      const auto most = [&](std::uint32_t k) {
        return inside_[k] + scale / static_cast<float>(sizes_[k]);
      };
      if (link.weight <= std::min(most(a), most(b))) join(a, b, link.weight);
    }
    for (const Link& link : links) {
      const std::uint32_t a = root(link.a), b = root(link.b);
      if (a != b && std::min(sizes_[a], sizes_[b]) < least_px) join(a, b, link.weight);
    }
  }

  std::uint32_t root(std::uint32_t pixel) {
    while (parent_[pixel] != pixel) pixel = parent_[pixel] = parent_[parent_[pixel]];
    return pixel;
  }

 private:
  void join(std::uint32_t a, std::uint32_t b, float weight) {
    parent_[b] = a;
    sizes_[a] += sizes_[b];
    inside_[a] = weight;
  }

  std::vector<std::uint32_t> parent_;
  std::vector<std::size_t> sizes_;
  std::vector<float> inside_;
};

/// Average linkage by the chain of nearest neighbours (Murtagh 1983). Returns merges in the order
/// of falling score: which two groups, by the number of a member, and their mean score.
struct Merge {
  std::size_t a, b;
  float score;
};

std::vector<Merge> merges_of(Eigen::MatrixXf scores) {
  const Eigen::Index n = scores.rows();
  std::vector<float> sizes(static_cast<std::size_t>(n), 1);
  std::vector<bool> alive(static_cast<std::size_t>(n), true);
  std::vector<Merge> merges;
  std::vector<Eigen::Index> chain;
  const auto nearest = [&](Eigen::Index i, Eigen::Index before) {
    Eigen::Index best = before;
    float most = before >= 0 ? scores(before, i) : -1;
    for (Eigen::Index j = 0; j < n; ++j)
      if (j != i && alive[static_cast<std::size_t>(j)] && scores(j, i) > most) {
        most = scores(j, i);
        best = j;
      }
    return best;
  };
  for (Eigen::Index left = n; left > 1;) {
    if (chain.empty()) chain.push_back(std::find(alive.begin(), alive.end(), true) - alive.begin());
    const Eigen::Index top = chain.back();
    const Eigen::Index before = chain.size() > 1 ? chain[chain.size() - 2] : -1;
    const Eigen::Index next = nearest(top, before);
    if (next != before) {
      chain.push_back(next);
      continue;
    }
    chain.resize(chain.size() - 2);
    merges.push_back(
        {static_cast<std::size_t>(top), static_cast<std::size_t>(next), scores(next, top)});
    const float a = sizes[static_cast<std::size_t>(top)], b = sizes[static_cast<std::size_t>(next)];
    scores.col(next) = (a * scores.col(top) + b * scores.col(next)) / (a + b);
    scores.row(next) = scores.col(next).transpose();
    sizes[static_cast<std::size_t>(next)] = a + b;
    alive[static_cast<std::size_t>(top)] = false;
    --left;
  }
  std::stable_sort(merges.begin(), merges.end(),
                   [](const Merge& x, const Merge& y) { return x.score > y.score; });
  return merges;
}

std::vector<std::int32_t> groups_after(const std::vector<Merge>& merges, std::size_t nodes,
                                       std::size_t groups) {
  std::vector<std::size_t> parent(nodes);
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (std::size_t k = 0; k + groups < nodes; ++k) parent[root(merges[k].a)] = root(merges[k].b);
  std::map<std::size_t, std::int32_t> number;
  std::vector<std::int32_t> result;
  for (std::size_t i = 0; i < nodes; ++i)
    result.push_back(
        number.try_emplace(root(i), static_cast<std::int32_t>(number.size())).first->second);
  return result;
}

/// Some of the chips that are compared, with the scores between them.
struct ScoredChips {
  Nodes chips;
  Eigen::MatrixXf scores;
};

ScoredChips some_scores(const Scene& scene, std::size_t most_nodes, std::uint64_t seed) {
  ScoredChips some{sample_of(scene.grid, compared(scene), most_nodes, seed), {}};
  std::map<std::uint32_t, std::size_t> place;
  for (std::size_t i = 0; i < compared(scene).size(); ++i) place[compared(scene)[i]] = i;
  const auto nodes = static_cast<Eigen::Index>(some.chips.size());
  some.scores.resize(nodes, nodes);
  for (Eigen::Index i = 0; i < nodes; ++i) {
    const Quantum* row =
        scene.similarity.scores->row(place.at(some.chips[static_cast<std::size_t>(i)]));
    for (Eigen::Index j = 0; j < nodes; ++j)
      some.scores(j, i) = score_of(row[place.at(some.chips[static_cast<std::size_t>(j)])]);
  }
  return some;
}

}  // namespace

Communities cluster_by_kmeans(const Scene& scene, const RuleArguments& arguments,
                              const CommunityOptions& options, const Resources&) {
  constexpr int components = 32;
  constexpr double least_silhouette = 0.25;
  const RowMatrixXf rows = principal_components(rows_of(scene), components);
  if (arguments.count)
    return communities_of(kmeans(rows, *arguments.count, options).groups, scene, {});
  double best = least_silhouette;
  int count = 1;
  std::vector<std::int32_t> groups(scene.chips.size(), 0);
  for (int k = 2; k <= most_groups; ++k) {
    Partition partition = kmeans(rows, k, options);
    const double value = silhouette(rows, partition.groups, k);
    if (value <= best) continue;
    best = value;
    count = k;
    groups = std::move(partition.groups);
  }
  return communities_of(groups, scene, told(arguments, count, "the largest mean silhouette"));
}

Communities cluster_by_spectrum(const Scene& scene, const RuleArguments& arguments,
                                const CommunityOptions& options, const Resources& resources) {
  const int most = static_cast<int>(scene.similarity.nodes()) - 2;
  if (most < 2) throw InputError("there are too few chips for spectral clustering");
  const int wanted = std::min(most, arguments.count.value_or(most_groups + 1));
  const auto [values, vectors] =
      leading_vectors(scene.similarity, std::max(2, wanted), resources.threads);
  int count = wanted;
  if (!arguments.count) {
    float widest = -1;
    for (int k = 2; k < static_cast<int>(values.size()); ++k)
      if (const float gap = values[k - 1] - values[k]; gap > widest) {
        widest = gap;
        count = k;
      }
  }
  RowMatrixXf rows = vectors.leftCols(count);
  rows.rowwise().normalize();
  const std::vector<std::int32_t> groups = kmeans(rows, count, options).groups;
  return communities_of(over_all(groups, compared(scene), scene, resources.threads), scene,
                        told(arguments, count, "the largest gap between eigenvalues"));
}

Communities cluster_by_merging(const Scene& scene, const RuleArguments& arguments,
                               const CommunityOptions& options, const Resources& resources) {
  constexpr std::size_t most_nodes = 4000;
  auto [some, scores] = some_scores(scene, most_nodes, options.seed);
  const std::vector<Merge> merges = merges_of(std::move(scores));
  auto count = static_cast<std::size_t>(arguments.count.value_or(2));
  if (!arguments.count) {
    float widest = -1;
    for (std::size_t k = 2; k <= std::min<std::size_t>(most_groups, merges.size()); ++k) {
      // The merge from k to k - 1 groups against the one before it.
      const float drop = merges[merges.size() - k].score - merges[merges.size() - k + 1].score;
      if (drop > widest) {
        widest = drop;
        count = k;
      }
    }
  }
  count = std::clamp<std::size_t>(count, 1, some.size());
  const std::vector<std::int32_t> groups = groups_after(merges, some.size(), count);
  return communities_of(
      over_all(groups, some, scene, resources.threads), scene,
      told(arguments, static_cast<int>(count), "the largest drop of the linkage"));
}

Communities cluster_by_network(const Scene& scene, const RuleArguments& arguments,
                               const CommunityOptions& options, const Resources& resources) {
  constexpr int components = 64;
  const auto deepcut =
      reinterpret_cast<Deepcut*>(plugin_symbol("metamict_torch", "metamict_deepcut"));
  constexpr std::size_t most_nodes = 2000;
  auto [some, weights] = some_scores(scene, most_nodes, options.seed);
  const auto nodes = static_cast<Eigen::Index>(some.size());
  weights.array() -= static_cast<float>(scene.similarity.statistics.mean);
  weights.diagonal().setZero();
  RowMatrixXf rows = principal_components(scene.embeddings.rows_ND(some, Eigen::all), components);
  rows /= std::max(1e-6F, std::sqrt(rows.squaredNorm() / static_cast<float>(rows.size())));
  std::vector<std::int32_t> groups(some.size());
  const double loss =
      deepcut({rows.data(), weights.data(), nodes, rows.cols(),
               std::min<int>(arguments.count.value_or(most_groups), static_cast<int>(nodes)),
               !arguments.count, std::max(1, options.runs), options.seed},
              groups.data());
  const int count = number_canonically(groups);
  Communities communities = communities_of(
      over_all(groups, some, scene, resources.threads), scene,
      told(arguments, count, "correlation clustering of the scores less their mean"));
  communities.notes.push_back("a network was trained on " + std::to_string(nodes) +
                              " chips of this image, the best of " +
                              std::to_string(std::max(1, options.runs)) + " runs (loss " +
                              number(std::round(1e4 * loss) / 1e4) + ")");
  return communities;
}

Communities cluster_by_grey(const Scene& scene, const RuleArguments&, const CommunityOptions&,
                            const Resources&) {
  constexpr double periods_per_chip = 4;
  constexpr float scale = 300, grey_levels = 255;  // as in their paper
  const double period = scene.grid.size_px / periods_per_chip;
  // Pixels of a quarter of a period: what is smoothed over half a period has no finer detail.
  const double factor = std::min(1.0, 4 / period);
  cv::Mat grey;
  cv::GaussianBlur(scene.canonical.pixels, grey, {}, period / 2);
  cv::resize(grey, grey, {}, factor, factor, cv::INTER_AREA);
  cv::normalize(grey, grey, 0, grey_levels, cv::NORM_MINMAX);
  const auto least_px = static_cast<std::size_t>(std::pow(factor * scene.grid.size_px, 2));
  PixelSegments segments(grey, scale, least_px);
  std::vector<std::int32_t> groups;
  std::map<std::uint32_t, std::int32_t> number;
  for (const std::uint32_t node : scene.chips) {
    const cv::Rect chip = scene.grid.chip(node);
    const cv::Rect inner(chip.x + chip.width / 4, chip.y + chip.height / 4, chip.width / 2,
                         chip.height / 2);
    std::map<std::uint32_t, int> shown;
    const auto at = [&](int px, int most) { return std::min(cvFloor(px * factor), most - 1); };
    for (int y = at(inner.y, grey.rows); y <= at(inner.br().y - 1, grey.rows); ++y)
      for (int x = at(inner.x, grey.cols); x <= at(inner.br().x - 1, grey.cols); ++x)
        ++shown[segments.root(static_cast<std::uint32_t>(y * grey.cols + x))];
    const std::uint32_t segment =
        std::max_element(shown.begin(), shown.end(), [](const auto& a, const auto& b) {
          return a.second < b.second;
        })->first;
    groups.push_back(
        number.try_emplace(segment, static_cast<std::int32_t>(number.size())).first->second);
  }
  return communities_of(groups, scene, {});
}

}  // namespace metamict
