// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/derived_rules.hpp"

#include <algorithm>
#include <stdexcept>

#include "lattice/chip_spectra.hpp"
#include "rules/nested_rule.hpp"

namespace metamict {

std::vector<std::string> derived_rule_names() { return {"nested"}; }

bool is_derived_rule(const std::string& name) {
  const std::vector<std::string> names = derived_rule_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

RuleResult apply_derived_rule(const std::string& name, const Result& result, const Micrograph& canonical,
                              const SegmentOptions& options, const Progress& progress) {
  if (name != "nested") throw std::logic_error("unknown derived rule " + name);
  RuleResult rule;
  rule.name = name;
  rule.kind = RuleKind::derived;
  NestedOptions nested;
  nested.spill = options.similarity.spill;
  const ChipEvidence evidence{chip_spectra(canonical, result.grid, options.threads),
                              grey_cells(canonical, result.grid, result.order, options.threads)};
  rule.communities = find_nested(result, evidence, options.communities, nested, progress);
  return rule;
}

}  // namespace metamict
