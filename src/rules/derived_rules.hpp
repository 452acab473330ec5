// SPDX-License-Identifier: GPL-3.0-or-later
// Rules that combine others or refine them; each has a name that --cut accepts beside the paper's three.
#pragma once

#include <string>
#include <vector>

#include "metamict/pipeline.hpp"

namespace metamict {

bool is_derived_rule(const std::string& name);

/// Names of all derived rules, for help texts.
std::vector<std::string> derived_rule_names();

/// Applies a derived rule to a result whose similarity is complete; canonical: the standardised micrograph at the
/// encoder's scale. Threshold rules it builds on are computed afresh
/// when `result.rules` does not hold them. Map and regions are left to the caller.
RuleResult apply_derived_rule(const std::string& name, const Result& result, const Micrograph& canonical,
                              const SegmentOptions& options, const Progress& progress);

}  // namespace metamict
