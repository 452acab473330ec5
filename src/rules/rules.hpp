// SPDX-License-Identifier: GPL-3.0-or-later
// The rules that --cut accepts: cuts of the scores (mean, median, mode, a number), and the table of
// derived rules, which combine cuts or refine them. A new derived rule joins with one line of that
// table, and nowhere else.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metamict/communities.hpp"
#include "metamict/cut.hpp"
#include "metamict/resources.hpp"
#include "rules/rule_arguments.hpp"
#include "rules/scene.hpp"

namespace metamict {

struct DerivedRule {
  std::string_view name;
  bool keeps_parts;  ///< whether it holds the scores of parts beside those of the whole: for the
                     ///< forecast of memory
  /// The communities of the scene first, then those of each further look at it.
  std::vector<Communities> (*find)(const Scene& scene, const std::vector<LookAgain>& looks,
                                   const RuleArguments& arguments, const CommunityOptions& options,
                                   const Resources& resources, const Progress& progress);
  bool takes_count = false;       ///< "name:K" or "name:auto", a number of groups
  bool is_sharp = false;          ///< its borders are drawn where the pixels change
  bool joins_unseen = false;      ///< regions whose border shows in no pixel become one
  bool needs_prototypes = false;  ///< points or strokes of classes
};

std::span<const DerivedRule> derived_rules();

/// A rule by its name: a cut, or an entry of the table.
struct Rule {
  std::string name;
  std::optional<CutRule> cut;            ///< of a threshold rule
  const DerivedRule* derived = nullptr;  ///< else this
  std::optional<int> count;              ///< of groups; unset = auto
};

/// Throws UsageError for a name that is neither.
Rule parse_rule(const std::string& name);

/// All of them, in the order given. Throws UsageError where there is none, or one comes twice.
std::vector<Rule> parse_rules(const std::vector<std::string>& names);

}  // namespace metamict
