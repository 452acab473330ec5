// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/segment_options.hpp"

#include <algorithm>

#include "metamict/errors.hpp"
#include "rules/rules.hpp"

namespace metamict {

void SegmentOptions::check() const {
  load.check();
  chips.check();
  (void)parse_rules(rules.cuts);
  if (rules.mode_bins < 1)
    throw UsageError("the histogram has " + std::to_string(rules.mode_bins) +
                     " bins, but needs at least one");
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
