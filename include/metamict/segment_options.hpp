// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the options of one segmentation, one struct per stage. The defaults give the paper's maps
// and `nested`.
#pragma once

#include <filesystem>
#include <optional>
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

/// Which chips the graph is built over: all of them, or a sample whose communities the others join.
enum class GraphKind { automatic, exact, sample };

/// Which rules draw a map, how threshold rules cut, and what the user knows.
struct RuleOptions {
  std::vector<std::string> cuts = {"mean", "median", "mode",
                                   "nested"};  ///< threshold rules and derived rules, by name
  std::string primary = "nested";              ///< the rule that summaries and series use
  int mode_bins = 100;                         ///< of the histogram whose tallest bin is the mode
  EdgeWeight edge_weight = EdgeWeight::score;
  GraphKind graph = GraphKind::automatic;
  std::optional<int> looks = {};  ///< fresh looks for the confidence; unset = the cheap ones, 0 =
                                  ///< none
  std::filesystem::path prototypes = {};  ///< points or strokes of known classes
  std::filesystem::path names =
      {};  ///< CSV label,name: what regions of the primary rule are called

  /// Throws UsageError.
  void check() const;
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

  /// Checks the options of every stage before anything is read. Throws UsageError.
  void check() const;
};

/// Returns the rule that summaries use: the primary rule if it is among the cuts, else the last
/// cut, with a note.
std::string primary_rule(const RuleOptions& options, Notes& notes);

}  // namespace metamict
