// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/similarity.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <numbers>
#include <string>
#include <utility>

#include "base/parallel.hpp"
#include "base/text.hpp"
#include "graph/block_product.hpp"
#include "graph/score_counts.hpp"
#include "graph/transpose.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

/// Cosines closer together than this differ by the rounding of the product, not by what the chips
/// show.
constexpr float rounding = 2e-6F;

/// A block of pairs: rows [i, i + rows) with rows [j, j + cols), where j >= i. On the diagonal j ==
/// i. An edge has at most block_edge chips.
struct PairBlock {
  std::size_t i, j, rows, cols;
};

std::vector<PairBlock> pair_blocks(std::size_t nodes) {
  std::vector<PairBlock> blocks;
  for (std::size_t i = 0; i < nodes; i += block_edge)
    for (std::size_t j = i; j < nodes; j += block_edge)
      blocks.push_back({i, j, std::min(block_edge, nodes - i), std::min(block_edge, nodes - j)});
  return blocks;
}

/// Between the two passes the matrix holds every cosine as a whole float in two halves: the upper
/// 16 bits above the diagonal, the lower 16 bits below it. So the product is done once, nothing is
/// rounded before the range is known, and the scores need no memory but their own.
class Halves {
 public:
  explicit Halves(ScoreMatrix& matrix)
      : matrix_(matrix), upper_(block_edge * block_edge), lower_(upper_.size()) {}

  void put(const PairBlock& at, const float* cosines) {
    for (std::size_t k = 0; k < at.rows * at.cols; ++k) {
      const auto bits = std::bit_cast<std::uint32_t>(cosines[k]);
      upper_[k] = static_cast<Quantum>(bits >> 16U);
      lower_[k] = static_cast<Quantum>(bits & 0xFFFFU);
    }
    put_both(at, upper_, lower_);
  }

  void take(const PairBlock& at, float* cosines) {
    if (at.i == at.j) {
      for (std::size_t a = 0; a < at.rows; ++a)
        for (std::size_t b = a + 1; b < at.cols; ++b)
          cosines[a * at.cols + b] =
              join(matrix_.row(at.i + a)[at.j + b], matrix_.row(at.j + b)[at.i + a]);
      return;
    }
    transpose({matrix_.row(at.j) + at.i, matrix_.nodes()}, {lower_.data(), at.cols}, at.cols,
              at.rows);
    for (std::size_t a = 0; a < at.rows; ++a) {
      const Quantum* upper = matrix_.row(at.i + a) + at.j;
      for (std::size_t b = 0; b < at.cols; ++b)
        cosines[a * at.cols + b] = join(upper[b], lower_[a * at.cols + b]);
    }
  }

  /// Writes `above` over the diagonal and `below`, turned, under it; the diagonal itself is set to
  /// 0.
  void put_both(const PairBlock& at, const std::vector<Quantum>& above,
                const std::vector<Quantum>& below) {
    if (at.i == at.j) {
      for (std::size_t a = 0; a < at.rows; ++a) {
        matrix_.row(at.i + a)[at.j + a] = 0;
        for (std::size_t b = a + 1; b < at.cols; ++b) {
          matrix_.row(at.i + a)[at.j + b] = above[a * at.cols + b];
          matrix_.row(at.j + b)[at.i + a] = below[a * at.cols + b];
        }
      }
      return;
    }
    for (std::size_t a = 0; a < at.rows; ++a)
      std::copy_n(above.data() + a * at.cols, at.cols, matrix_.row(at.i + a) + at.j);
    transpose({below.data(), at.cols}, {matrix_.row(at.j) + at.i, matrix_.nodes()}, at.rows,
              at.cols);
  }

 private:
  static float join(Quantum upper, Quantum lower) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(upper) << 16U | lower);
  }

  ScoreMatrix& matrix_;
  std::vector<Quantum> upper_, lower_;
};

struct Range {
  float low = std::numeric_limits<float>::infinity(),
        high = -std::numeric_limits<float>::infinity();

  void widen(const PairBlock& at, const float* cosines) {
    for (std::size_t a = 0; a < at.rows; ++a)
      for (std::size_t b = at.i == at.j ? a + 1 : 0; b < at.cols; ++b) {
        low = std::min(low, cosines[a * at.cols + b]);
        high = std::max(high, cosines[a * at.cols + b]);
      }
  }
};

/// Maps a cosine, or the complement of its angle, to a quantum, rising. `zero` and below give 0;
/// `zero + 65535 / slope` and above give 65,535.
struct Scale {
  float zero, slope;
  bool angle = false;
  Quantum operator()(float cosine) const {
    return quantum(angle ? -angle_of(std::clamp(cosine, -1.0F, 1.0F)) : cosine);
  }

 private:
  Quantum quantum(float alikeness) const {
    // Adding a half is one instruction a lane and right here: nothing is negative or beyond 2^23.
    // NOLINTNEXTLINE(bugprone-incorrect-roundings)
    return static_cast<Quantum>(
        static_cast<std::int32_t>(std::clamp((alikeness - zero) * slope, 0.0F, 65535.0F) + 0.5F));
  }
};

/// One worker's buffers and findings.
struct Worker {
  explicit Worker(ScoreMatrix& matrix)
      : halves(matrix), cosines(block_edge * block_edge), scores(cosines.size()) {}
  Halves halves;
  std::vector<float> cosines;
  std::vector<Quantum> scores;
  std::vector<std::uint64_t> counts;
  Range range;
  std::uint64_t negative = 0;
};

/// Scores a block that is known to have been taken, and counts its pairs i < j.
void score_block(Worker& worker, const PairBlock& at, const Scale& scale, bool count_negative) {
  for (std::size_t a = 0; a < at.rows; ++a) {
    const std::size_t first = at.i == at.j ? a + 1 : 0;
    const float* cosine = worker.cosines.data() + a * at.cols;
    Quantum* score = worker.scores.data() + a * at.cols;
    for (std::size_t b = first; b < at.cols; ++b) score[b] = scale(cosine[b]);
    for (std::size_t b = first; b < at.cols; ++b) ++worker.counts[score[b]];
    if (count_negative)
      for (std::size_t b = first; b < at.cols; ++b) worker.negative += cosine[b] < 0;
  }
}

/// Calls work(worker, block) for every block on the threads, and reports progress.
template <typename Work>
void over_blocks(std::vector<Worker>& workers, const std::vector<PairBlock>& blocks,
                 const Progress& progress, std::size_t pass, const Work& work) {
  std::mutex telling;
  std::size_t done = pass * blocks.size();
  parallel_for(blocks.size(), static_cast<int>(workers.size()),
               [&](std::size_t worker, std::size_t piece) {
                 work(workers[worker], blocks[piece]);
                 if (!progress) return;
                 const std::scoped_lock lock(telling);
                 progress("compare", ++done, 2 * blocks.size());
               });
}

Scale scale_of(const Range& range, SimilarityScale kind) {
  if (kind == SimilarityScale::raw) return {0.0F, 65535.0F};
  if (range.high - range.low <= rounding)
    return {-2.0F, 65535.0F};  // every cosine is at or above the top
  if (kind == SimilarityScale::minmax) return {range.low, 65535.0F / (range.high - range.low)};
  const float widest = angle_of(std::max(range.low, -1.0F)),
              closest = angle_of(std::min(range.high, 1.0F));
  return {-widest, 65535.0F / (widest - closest), true};
}

SimilarityStatistics statistics_of(std::vector<Worker>& workers, const Range& range,
                                   std::size_t pairs) {
  SimilarityStatistics statistics;
  statistics.pairs = pairs;
  statistics.counts.assign(quanta, 0);
  for (const Worker& worker : workers)
    for (std::size_t q = 0; q < quanta; ++q) statistics.counts[q] += worker.counts[q];
  statistics.mean = mean_of(statistics.counts, pairs);
  statistics.median = median_of(statistics.counts, pairs);
  statistics.min_cosine = std::clamp(static_cast<double>(range.low), -1.0, 1.0);
  statistics.max_cosine = std::clamp(static_cast<double>(range.high), -1.0, 1.0);
  return statistics;
}

Notes notes_of(const Range& range, SimilarityScale kind, const std::vector<Worker>& workers) {
  std::uint64_t negative = 0;
  for (const Worker& worker : workers) negative += worker.negative;
  Notes notes;
  if (kind != SimilarityScale::raw && range.high - range.low <= rounding)
    notes.push_back("all chips are equally alike (cosine " + std::to_string(range.high) +
                    "), so every score is 1");
  if (negative > 0)
    notes.push_back(std::to_string(negative) +
                    " pairs of chips have a negative cosine; their raw score was set to 0");
  return notes;
}

}  // namespace

void SimilarityOptions::check() const {
  if (maps_weight && !(*maps_weight >= 0 && *maps_weight <= 1))
    throw UsageError("the weight of the element maps must lie in [0, 1], not " +
                     number(*maps_weight));
}

SimilarityScale chosen_scale(SimilarityScale asked, const std::string& by_encoder) {
  if (asked != SimilarityScale::automatic) return asked;
  return by_encoder == "angle" ? SimilarityScale::angle : SimilarityScale::minmax;
}

float angle_of(float cosine) {
  // Abramowitz and Stegun 4.4.46. Unlike std::acos it has no branch, so that a compiler computes
  // many at once.
  const float x = std::abs(cosine);
  float sum = -0.0012624911F;
  for (const float next : {0.0066700901F, -0.0170881256F, 0.0308918810F, -0.0501743046F,
                           0.0889789874F, -0.2145988016F, 1.5707963050F})
    sum = sum * x + next;
  const float acute = std::sqrt(std::max(1.0F - x, 0.0F)) * sum;
  return cosine < 0 ? std::numbers::pi_v<float> - acute : acute;
}

std::string name_of(SimilarityScale scale) {
  constexpr std::array names{"auto", "minmax", "raw", "angle"};
  return names[static_cast<std::size_t>(scale)];
}

Similarity compare(const Embeddings& embeddings, const SimilarityOptions& options,
                   const Resources& resources, const Progress& progress) {
  const auto nodes = static_cast<std::size_t>(embeddings.rows_ND.rows());
  if (nodes < 2)
    throw InputError("there are " + std::to_string(nodes) +
                     " chips, but at least two are needed to compare");
  const auto scores = std::make_shared<ScoreMatrix>(nodes, resources.spill);
  const std::vector<PairBlock> blocks = pair_blocks(nodes);
  const auto threads =
      std::min(static_cast<std::size_t>(std::max(resources.threads, 1)), blocks.size());
  std::vector<Worker> workers;
  for (std::size_t k = 0; k < threads; ++k) workers.emplace_back(*scores);

  over_blocks(workers, blocks, progress, 0, [&](Worker& worker, const PairBlock& at) {
    block_products(embeddings.rows_ND, at.i, at.rows, at.j, at.cols, worker.cosines.data());
    worker.range.widen(at, worker.cosines.data());
    worker.halves.put(at, worker.cosines.data());
  });
  Range range;
  for (const Worker& worker : workers)
    range = {std::min(range.low, worker.range.low), std::max(range.high, worker.range.high)};

  const SimilarityScale kind = chosen_scale(options.scale, embeddings.encoder.similarity);
  const Scale scale = scale_of(range, kind);
  const bool raw = kind == SimilarityScale::raw;
  for (Worker& worker : workers) worker.counts.assign(quanta, 0);
  over_blocks(workers, blocks, progress, 1, [&](Worker& worker, const PairBlock& at) {
    worker.halves.take(at, worker.cosines.data());
    score_block(worker, at, scale, raw);
    worker.halves.put_both(at, worker.scores, worker.scores);
  });
  Notes notes = notes_of(range, kind, workers);
  if (options.scale == SimilarityScale::automatic && kind != SimilarityScale::minmax)
    notes.push_back("scores are of the angle between embeddings, as the encoder " +
                    embeddings.encoder.name +
                    " asks for; --similarity minmax takes the cosine, as the paper does");
  return {
      scores, statistics_of(workers, range, nodes * (nodes - 1) / 2), kind, {}, std::move(notes)};
}

std::vector<std::uint64_t> histogram(const SimilarityStatistics& statistics, int bins) {
  if (bins < 1)
    throw UsageError("the histogram has " + std::to_string(bins) + " bins, but needs at least one");
  std::vector<std::uint64_t> heights(static_cast<std::size_t>(bins), 0);
  // Scores and edges are both floats rounded from their exact values, so a score that lies on an
  // edge equals it.
  const auto left_edge = [&](int bin) {
    return static_cast<float>(static_cast<double>(bin) / bins);
  };
  int bin = 0;
  for (std::size_t q = 0; q < quanta; ++q) {
    while (bin + 1 < bins && score_of(static_cast<Quantum>(q)) >= left_edge(bin + 1)) ++bin;
    heights[static_cast<std::size_t>(bin)] += statistics.counts[q];
  }
  return heights;
}

double mode_of(const SimilarityStatistics& statistics, int bins) {
  const std::vector<std::uint64_t> heights = histogram(statistics, bins);
  return static_cast<double>(std::max_element(heights.begin(), heights.end()) - heights.begin()) /
         bins;
}

std::uint64_t predicted_graph_bytes(std::size_t nodes, std::size_t features) {
  const std::uint64_t n = nodes;
  // The last term is the weight of each chip to every group. There are about 4 sqrt(n) groups at
  // most.
  return 2 * n * n + 4 * n * features +
         static_cast<std::uint64_t>(16 * std::pow(static_cast<double>(n), 1.5));
}

}  // namespace metamict
