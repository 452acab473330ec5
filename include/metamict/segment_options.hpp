// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that can be asked of one segmentation: an option struct for each stage. The defaults are the paper's.
#pragma once

#include <string>
#include <vector>

#include "metamict/chip_size.hpp"
#include "metamict/community_options.hpp"
#include "metamict/encoder.hpp"
#include "metamict/graph.hpp"
#include "metamict/label_map.hpp"
#include "metamict/micrograph.hpp"
#include "metamict/resources.hpp"
#include "metamict/similarity.hpp"

namespace metamict {

/// Which rules draw a map, and how the threshold rules cut.
struct RuleOptions {
  std::vector<std::string> cuts = {"mean", "median", "mode", "nested"};  ///< threshold rules and derived rules, by name
  std::string primary = "nested";                                        ///< the rule that summaries and series use
  int mode_bins = 100;  ///< of the histogram whose tallest bin is the mode
  EdgeWeight edge_weight = EdgeWeight::score;
};

struct SegmentOptions {
  LoadOptions load;
  ChipSizeOptions chips;
  Normalise normalise = Normalise::image;
  SimilarityOptions similarity;
  RuleOptions rules;
  CommunityOptions communities;
  PaintOptions paint;
  Resources resources;

  /// Asks every stage whether it could work with these, before anything is read. Throws UsageError.
  void check() const;
};

/// The rule that summaries use: the one asked for where it is among the cuts, else the last of them, with a note.
std::string primary_rule(const RuleOptions& options, Notes& notes);

}  // namespace metamict
