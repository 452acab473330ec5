// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/region_map.hpp"

#include "base/text.hpp"

namespace metamict {

RegionMap region_map(const RuleResult& rule) {
  RegionMap map;
  map.rule = rule.name;
  map.title = rule.graph ? rule.name + " cut" : rule.name;
  map.basis = rule.graph ? "score ≥ " + fixed(rule.graph->cut.value, 3) : "derived rule";
  map.labels = rule.map.labels;
  map.unassigned_px = rule.map.area_px.front();
  map.stability = rule.communities.node_stability;
  map.doubtful_borders = rule.doubtful_borders;
  for (const Region& region : rule.regions)
    map.regions.push_back({region.label, region.area_px, region.order, region.name});
  return map;
}

RegionMap region_map(const SeriesMember& member, const std::vector<SeriesLabel>& labels) {
  RegionMap map;
  map.rule = "series";
  map.title = "series";
  map.basis = "labels of the series";
  map.labels = member.labels;
  map.unassigned_px = member.labels.total();
  map.stability = member.stability;
  for (const SeriesRegion& region : member.regions) {
    const SeriesLabel& label = labels[static_cast<std::size_t>(region.label - 1)];
    map.regions.push_back({region.label, region.area_px, region.order, label.name});
    map.unassigned_px -= region.area_px;
  }
  return map;
}

double share_of(const RegionMap& map, std::uint64_t area_px) {
  return static_cast<double>(area_px) / static_cast<double>(map.labels.total());
}

}  // namespace metamict
