// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/segment_options.hpp"

#include <algorithm>

#include "metamict/errors.hpp"
#include "rules/rules.hpp"

namespace metamict {

void RuleOptions::check() const {
  const std::vector<Rule> rules = parse_rules(cuts);
  if (mode_bins < 1)
    throw UsageError("the histogram has " + std::to_string(mode_bins) +
                     " bins, but needs at least one");
  if (prototypes.empty() && std::any_of(rules.begin(), rules.end(), [](const Rule& rule) {
        return rule.derived != nullptr && rule.derived->needs_prototypes;
      }))
    throw UsageError("the rule prototypes needs --prototypes FILE: points or strokes of classes");
}

void SegmentOptions::check() const {
  load.check();
  chips.check();
  similarity.check();
  rules.check();
  communities.check();
  paint.check();
  resources.check();
}

std::string primary_rule(const RuleOptions& options, Notes& notes) {
  if (std::find(options.cuts.begin(), options.cuts.end(), options.primary) != options.cuts.end())
    return options.primary;
  notes.push_back("the primary rule '" + options.primary + "' is not among the cuts: '" +
                  options.cuts.back() + "' is used");
  return options.cuts.back();
}

}  // namespace metamict
