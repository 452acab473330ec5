// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/rules.hpp"

#include <algorithm>
#include <array>

#include "lattice/chip_spectra.hpp"
#include "metamict/errors.hpp"
#include "rules/nested_rule.hpp"

namespace metamict {

namespace {

Communities nested(const Scene& scene, const CommunityOptions& options, const Resources& resources,
                   const Progress& progress) {
  const NestedOptions thresholds;
  const ChipEvidence evidence{
      chip_spectra(scene.canonical, scene.grid, resources.threads),
      grey_cells(scene.canonical, scene.grid, scene.order, resources.threads, thresholds.cells)};
  return find_nested(scene, evidence, options, thresholds, resources, progress);
}

constexpr std::array table = {DerivedRule{"nested", true, nested}};

}  // namespace

std::span<const DerivedRule> derived_rules() { return table; }

Rule parse_rule(const std::string& name) {
  const auto derived = std::find_if(table.begin(), table.end(),
                                    [&](const DerivedRule& r) { return r.name == name; });
  if (derived != table.end()) return {name, {}, &*derived};
  return {name, parse_cut_rule(name), nullptr};
}

std::vector<Rule> parse_rules(const std::vector<std::string>& names) {
  if (names.empty())
    throw UsageError(
        "no cut is given: name at least one of mean, median, mode or a number in [0, 1]");
  std::vector<Rule> rules;
  for (const std::string& name : names) {
    rules.push_back(parse_rule(name));
    if (std::count(names.begin(), names.end(), name) > 1)
      throw UsageError("cut " + name + " is given twice");
  }
  return rules;
}

}  // namespace metamict
