// SPDX-License-Identifier: GPL-3.0-or-later
// A result holds the values of every stage for one image, and a label map with its regions for each
// rule.
#pragma once

#include <cstdint>
#include <map>
#include <opencv2/core.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metamict/chip_size.hpp"
#include "metamict/communities.hpp"
#include "metamict/composition.hpp"
#include "metamict/embed.hpp"
#include "metamict/label_map.hpp"

namespace metamict {

/// A threshold rule cuts the scores, as the paper does. A derived rule, such as `nested`, combines
/// several cuts.
enum class RuleKind { threshold, derived };

/// One region of a label map, in pixels of the input image.
struct Region {
  int label = 0;
  std::size_t chips = 0;
  std::uint64_t area_px = 0;
  std::optional<double> area_nm2;
  double order = 0;                  ///< mean lattice-order index of its chips
  double mean_intensity = 0;         ///< raw grey values
  cv::Point2d centroid_px;           ///< x, y
  std::optional<double> confidence;  ///< share of looks in which it comes again
  std::string name;                  ///< given by the user
  std::vector<Share> composition;    ///< one an element; empty without element maps
};

/// Measures the regions of one label map. `order` has one value per node.
std::vector<Region> measure_regions(const Micrograph& micrograph, const LabelMap& map,
                                    const Communities& communities,
                                    const std::vector<float>& order);

struct RuleResult {
  std::string name;
  RuleKind kind = RuleKind::threshold;
  std::optional<ChipGraph> graph;  ///< threshold rules only; carries the cut
  Communities communities;
  LabelMap map;
  std::vector<Region> regions;           ///< by label, 1..k
  std::vector<double> community_scores;  ///< count x count
  std::vector<float> agreement;  ///< of each chip: share of looks that agree; empty = no looks
  /// Pairs of labels, the lower first, that more than a third of the looks see as one region.
  std::vector<std::pair<int, int>> doubtful_borders;
};

/// Wall seconds of each stage: load, grid, embed, compare, cut, link, communities, paint (the
/// writers add write and total). The last four are sums over the rules. Rules run side by side, so
/// sums may exceed the total.
using StageSeconds = std::map<std::string, double>;

/// How often an image was looked at again, and how far the maps agree.
struct Looks {
  int count = 0;
  std::vector<std::string> kinds;
  double agreement = 1;  ///< mean over the pixels
};

/// What the micrograph and the element maps say of an image that both are asked about.
struct WitnessMaps {
  Evidence evidence = Evidence::image;  ///< that drew the maps of the rules
  double maps_weight = 0;               ///< in the scores, beside 1 - w of the image
  double reliability = 0;               ///< Composition::reliability
  cv::Mat by_image, by_maps;  ///< CV_16U, the primary rule's labels by one witness alone; empty
                              ///< where only one is asked
};

/// Everything that one image gave. It is complete when it is returned.
struct Result {
  Micrograph micrograph;  ///< raw, as loaded
  ChipSize chip_size;
  ChipGrid grid;
  Embeddings embeddings;
  Similarity similarity;
  bool sampled = false;  ///< whether the scores are those of a sample of the chips
  double mode = 0;       ///< of the scores, whether or not it is among the cuts
  std::optional<ScoreErrors> score_errors;  ///< of a sample
  std::vector<float> order;                 ///< per node
  std::vector<RuleResult> rules;            ///< in the order asked for
  std::string primary;
  std::string engine;
  Looks looks;
  std::optional<WitnessMaps> witnesses;  ///< where there are element maps
  Notes notes;
  StageSeconds seconds;

  /// The rule that summaries use; the last one where none has the primary rule's name. There must
  /// be one.
  const RuleResult& primary_rule() const;
  RuleResult& primary_rule();
};

}  // namespace metamict
