// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/series_numbers.hpp"

#include <algorithm>
#include <cmath>

namespace metamict {

Measured scaled(const Measured& measured, double factor) {
  return {measured.value * factor, measured.uncertainty * factor};
}

bool is_in_doubt(const SeriesMember& member) { return !member.warnings.empty() || !member.front; }

std::vector<Quantity> quantities(const SeriesMember& member) {
  if (is_in_doubt(member))
    return {{"amorphous_fraction_film", {}},
            {"amorphous_area_nm2", {}},
            {"front_depth_nm_mean", {}},
            {"front_depth_nm_sd", {}},
            {"front_depth_nm_max", {}}};
  const Front front = member.front.value_or(Front{});
  const auto in_nm = [&](const Measured& pixels, int power) -> std::optional<Measured> {
    if (!member.nm_per_pixel) return {};
    return scaled(pixels, std::pow(*member.nm_per_pixel, power));
  };
  return {{"amorphous_fraction_film", front.amorphous_fraction},
          {"amorphous_area_nm2", in_nm(front.amorphous_area_px, 2)},
          {"front_depth_nm_mean", in_nm(front.depth_mean_px, 1)},
          {"front_depth_nm_sd", in_nm(front.depth_sd_px, 1)},
          {"front_depth_nm_max", in_nm(front.depth_max_px, 1)}};
}

std::vector<SteadyNumber> steady_numbers(const SeriesMember& member) {
  return {{"film_thickness_nm", film_thickness_nm(member)},
          {"film_thickness_nm_sd", film_thickness_sd_nm(member)},
          {"cap_thickness_nm", cap_thickness_nm(member)},
          {"substrate_share", member.front ? std::optional(member.substrate_share) : std::nullopt},
          {"lattice_period_nm", lattice_period_nm(member)}};
}

std::optional<double> front_depth_limit_nm(const SeriesMember& member) {
  const auto px = front_depth_limit_px(member);
  return px && member.nm_per_pixel ? std::optional(*px * *member.nm_per_pixel) : std::nullopt;
}

int replicates_of(const SeriesMember& member, const Series& series) {
  return static_cast<int>(std::count_if(
      series.members.begin(), series.members.end(),
      [&](const SeriesMember& other) { return other.entry.dose == member.entry.dose; }));
}

std::uint64_t area_of(const SeriesMember& member, int label) {
  for (const SeriesRegion& region : member.regions)
    if (region.label == label) return region.area_px;
  return 0;
}

}  // namespace metamict
