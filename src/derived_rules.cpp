// SPDX-License-Identifier: GPL-3.0-or-later
#include "derived_rules.hpp"

#include "metamict/errors.hpp"

namespace metamict {

bool is_derived_rule(const std::string&) { return false; }

std::vector<std::string> derived_rule_names() { return {}; }

RuleResult apply_derived_rule(const std::string& name, const Result&, const SegmentOptions&, Notes&, const Progress&) {
  throw UsageError("there is no derived rule '" + name + "'");
}

}  // namespace metamict
