// SPDX-License-Identifier: GPL-3.0-or-later
// Scores say how alike two chips are, from 0 to 1. Each pair's score is held in 16 bits; the
// statistics are exact.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metamict/composition.hpp"
#include "metamict/embed.hpp"
#include "metamict/resources.hpp"

namespace metamict {

/// A score is one of 65,536 values, q / 65535. So equal scores are exactly equal, sums are exact,
/// and it takes 2 bytes.
using Quantum = std::uint16_t;
constexpr float score_of(Quantum q) { return static_cast<float>(q) / 65535.0F; }

/// The symmetric N x N matrix of quantised scores. The diagonal holds 0, because a chip has no edge
/// to itself.
class ScoreMatrix {
 public:
  /// Lies in memory or, when the folder `spill` is given, in an unlinked file mapped from it.
  /// Throws ResourceError.
  explicit ScoreMatrix(std::size_t nodes, const std::filesystem::path& spill = {});
  ~ScoreMatrix();
  ScoreMatrix(const ScoreMatrix&) = delete;
  ScoreMatrix& operator=(const ScoreMatrix&) = delete;

  std::size_t nodes() const { return nodes_; }
  const Quantum* row(std::size_t i) const { return data_ + i * nodes_; }
  Quantum* row(std::size_t i) { return data_ + i * nodes_; }

 private:
  std::size_t nodes_ = 0;
  Quantum* data_ = nullptr;  // one mapping, so that both kinds of memory are freed alike
};

/// Statistics over the N(N-1)/2 pairs i < j.
struct SimilarityStatistics {
  std::size_t pairs = 0;
  double mean = 0;    ///< exact, of the quantised scores
  double median = 0;  ///< exact, of the quantised scores; the mean of the middle two for an even
                      ///< number of pairs
  double min_cosine = 0, max_cosine = 0;  ///< before rescaling
  std::vector<std::uint64_t> counts;      ///< 65,536: how many pairs have each quantum
};

/// How a cosine becomes a score.
/// - minmax: 0 is the least alike pair of this image, 1 the most alike (paper, section 3).
/// - raw: the cosine, cut off below 0, as in the authors' later code.
/// - angle: like minmax, of the angle between the embeddings instead of its cosine. The cosine is
///   flat where embeddings are alike, so it heaps these pairs in a spike; the angle spreads them.
/// - automatic: the one that the encoder's sidecar asks for.
enum class SimilarityScale { automatic, minmax, raw, angle };

/// "minmax", "raw", "angle" or "auto".
std::string name_of(SimilarityScale scale);

/// Returns the scale that is used: the one asked for or, where that is automatic, the one that the
/// encoder's sidecar asks for by name.
SimilarityScale chosen_scale(SimilarityScale asked, const std::string& by_encoder);

/// The angle between two unit vectors, in radians, from their cosine in [-1, 1]; error 2e-7.
float angle_of(float cosine);

struct SimilarityOptions {
  SimilarityScale scale = SimilarityScale::automatic;
  std::optional<Evidence> evidence = {};   ///< unset = both where there are element maps
  std::optional<double> maps_weight = {};  ///< of the maps beside 1 - w of the image; unset = by
                                           ///< their noise

  /// Throws UsageError.
  void check() const;
};

struct Similarity {
  std::shared_ptr<const ScoreMatrix> scores;
  SimilarityStatistics statistics;
  SimilarityScale scale = SimilarityScale::minmax;  ///< never automatic
  std::vector<std::uint32_t> chips;  ///< that are compared, by rising number; empty = all
  Notes notes;

  std::size_t nodes() const { return scores->nodes(); }
  /// The chip that a node of the graph is.
  std::size_t chip_of(std::size_t node) const { return chips.empty() ? node : chips[node]; }
  float score(std::size_t i, std::size_t j) const { return score_of(scores->row(i)[j]); }
};

/// Scores every pair by 1 - (d - d_min)/(d_max - d_min), where d is the cosine distance (paper,
/// section 3) or the angle. If all distances are equal, every score is 1 and a note says so. Throws
/// InputError for fewer than two chips.
Similarity compare(const Embeddings& embeddings, const SimilarityOptions& options = {},
                   const Resources& resources = {}, const Progress& progress = {});

/// Left edge of the tallest of `bins` equal bins on [0, 1], as in the authors' later code. On a tie
/// it is the lowest bin. A score on an inner edge belongs to the upper bin, and 1 to the last bin,
/// as in numpy. Throws UsageError.
double mode_of(const SimilarityStatistics& statistics, int bins = 100);

/// Standard errors of the scores' statistics.
struct ScoreErrors {
  double mean = 0, median = 0, mode = 0;
};

/// How far the statistics of a sample may lie from those of all chips: the delete-a-group jackknife
/// with eight groups of chips, each spread over the image as the sample is. 0 for fewer than 16
/// chips.
ScoreErrors score_errors(const Similarity& similarity, int mode_bins = 100, int threads = 1);

/// Counts the pairs in `bins` equal bins on [0, 1], by the same rule for edges. Throws UsageError
/// for fewer than 1 bin.
std::vector<std::uint64_t> histogram(const SimilarityStatistics& statistics, int bins);

/// Predicts the peak bytes of compare, link and find_communities (dense engine), the embeddings
/// included.
std::uint64_t predicted_graph_bytes(std::size_t nodes, std::size_t features);

}  // namespace metamict
