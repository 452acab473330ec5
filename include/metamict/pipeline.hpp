// SPDX-License-Identifier: GPL-3.0-or-later
// The main job from one micrograph to its segmentation: start reading here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metamict/chips.hpp"
#include "metamict/communities.hpp"
#include "metamict/cut.hpp"
#include "metamict/embed.hpp"
#include "metamict/graph.hpp"
#include "metamict/label_map.hpp"
#include "metamict/lattice.hpp"
#include "metamict/micrograph.hpp"
#include "metamict/order.hpp"
#include "metamict/similarity.hpp"

namespace metamict {

/// One option struct per stage; defaults are the paper's.
struct SegmentOptions {
  LoadOptions load;
  ChipSizeOptions chip_size;
  std::optional<double> stride_px;  ///< in input pixels; a quarter of the chip unless given
  Normalise normalise = Normalise::image;
  SimilarityOptions similarity;
  int mode_bins = 100;
  std::vector<std::string> cuts = {"mean", "median", "mode", "nested"};  ///< threshold rules and derived rules, by name
  std::string primary = "nested";
  EdgeWeight edge_weight = EdgeWeight::score;
  CommunityOptions communities;
  PaintOptions paint;
  int threads = 1;
  std::uint64_t max_memory_bytes = 0;  ///< 0 = no limit
  /// How the encoder was asked to work, for the forecast of memory only.
  EmbeddingMode embedding = EmbeddingMode::chip;
  Precision precision = Precision::automatic;
};

enum class RuleKind { threshold, derived };

/// One region of a label map, in pixels of the input image.
struct Region {
  int label = 0;
  std::size_t chips = 0;
  std::uint64_t area_px = 0;
  std::optional<double> area_nm2;
  double order = 0;           ///< mean lattice-order index of its chips
  double mean_intensity = 0;  ///< raw grey values
  cv::Point2d centroid_px;    ///< x, y
};

/// The region table of one label map. `order` is per node.
std::vector<Region> measure_regions(const Micrograph& micrograph, const LabelMap& map, const Communities& communities,
                                    const std::vector<float>& order);

struct RuleResult {
  std::string name;
  RuleKind kind = RuleKind::threshold;
  std::optional<ChipGraph> graph;  ///< threshold rules only; carries the cut
  Communities communities;
  LabelMap map;
  std::vector<Region> regions;           ///< by label, 1..k
  std::vector<double> community_scores;  ///< count x count
};

/// Wall seconds of each stage, summed over the rules: load, grid, embed, compare, cut, link, communities, paint (the
/// writers add write and total). Rules run side by side, so theirs may add up to more than the total.
using StageSeconds = std::map<std::string, double>;

/// Everything one image gave. Complete when returned.
struct Result {
  Micrograph micrograph;  ///< raw, as loaded
  ChipSize chip_size;
  ChipGrid grid;
  Embeddings embeddings;
  Similarity similarity;
  double mode = 0;                ///< of the scores, whether or not it is among the cuts
  std::vector<float> order;       ///< per node
  std::vector<RuleResult> rules;  ///< in the order asked for
  std::string primary;
  std::string engine;
  Notes notes;
  StageSeconds seconds;
};

/// Segments one loaded image. Throws InputError, UsageError, ModelError, ResourceError.
Result segment(Micrograph micrograph, Encoder& encoder, const SegmentOptions& options, const Progress& progress = {});

/// Loads and segments one image.
Result segment(const std::filesystem::path& image, Encoder& encoder, const SegmentOptions& options,
               const Progress& progress = {});

/// The rules in their final form: every name known, none twice, the primary among them (else the last, with a note).
/// Throws UsageError.
void check_rules(SegmentOptions& options, Notes& notes);

/// Geometry and memory alone, without running an encoder: what inspect and --dry-run print.
struct Plan {
  ChipSize chip_size;
  ChipGrid grid;
  double stride_px = 0;                      ///< in input pixels
  std::uint64_t predicted_memory_bytes = 0;  ///< peak of the whole process for this image
};

/// Throws as choose_chip_size and lay_grid do.
Plan plan(const Micrograph& micrograph, const SegmentOptions& options, int encoder_px, int features);

/// Refuses (ResourceError, with the cure) a plan that would not fit in options.max_memory_bytes.
void check_memory(const Plan& plan, const SegmentOptions& options);

}  // namespace metamict
