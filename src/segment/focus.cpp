// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/focus.hpp"

#include <cmath>
#include <string>

#include "segment/region_drift.hpp"

namespace metamict {

namespace {

constexpr double smallest_change = 0.25, smallest_share_explained = 0.4;

}  // namespace

void note_focus_gradient(const Result& result, const RuleResult& rule, Notes& notes) {
  const OrderedRegion region = largest_ordered_region(result, rule);
  if (region.nodes.empty()) return;
  std::vector<double> contrast;
  for (const std::size_t node : region.nodes)
    contrast.push_back(static_cast<double>(result.order[node]) * result.order[node]);
  const Drift drift = fit_drift(region, contrast);
  const double change = std::abs(drift.change[drift.axis()]), best = drift.mean + change / 2;
  if (drift.explained < smallest_share_explained || best <= 0 || change / best < smallest_change)
    return;
  // The figure in the note comes from what was seen at the two ends. The plane may run below zero
  // there.
  const bool falls = drift.change[drift.axis()] < 0;
  const double from = drift.ends[falls ? 0 : 1], to = drift.ends[falls ? 1 : 0];
  if (from <= 0 || 1 - to / from < smallest_change) return;
  notes.push_back("the lattice contrast of region " + std::to_string(region.label) + " falls by " +
                  std::to_string(std::lround(100 * (1 - to / from))) + " % from " +
                  drift.way(false) +
                  ": the focus or the thickness drifts, and the order index with it");
}

}  // namespace metamict
