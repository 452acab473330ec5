// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/swift_calibration.hpp"

#include <nlohmann/json.hpp>

#include "formats/bytes/pixel_size.hpp"

namespace metamict {

namespace {

using nlohmann::json;

// The list of calibrations, one an axis. Newer versions keep it at the top, older ones with the
// data source.
const json* calibrations_in(const json& properties) {
  for (const char* key : {"dimensional_calibrations", "spatial_calibrations"})
    if (properties.contains(key) && properties[key].is_array()) return &properties[key];
  for (const char* key : {"data_source", "data_sources"}) {
    if (!properties.contains(key)) continue;
    const json& source = properties[key];
    const json& one = source.is_array() && !source.empty() ? source[0] : source;
    if (one.is_object())
      if (const json* found = calibrations_in(one)) return found;
  }
  return nullptr;
}

std::pair<double, Unit> axis_of(const json& calibrations, int place) {
  const auto i = static_cast<std::size_t>(place);
  if (i >= calibrations.size() || !calibrations[i].is_object()) return {0, {}};
  const json& axis = calibrations[i];
  const double scale =
      axis.contains("scale") && axis["scale"].is_number() ? axis["scale"].get<double>() : 0;
  const std::string units =
      axis.contains("units") && axis["units"].is_string() ? axis["units"].get<std::string>() : "";
  return {scale, parse_unit(units)};
}

}  // namespace

void describe_swift(DatasetInfo& info, const json& properties, const ArrayAxes& axes) {
  if (!properties.is_object()) return;
  if (properties.contains("title") && properties["title"].is_string())
    if (const auto title = properties["title"].get<std::string>(); !title.empty())
      info.name = title;
  const json* const calibrations = calibrations_in(properties);
  if (calibrations == nullptr) return;
  for (const auto& [place, unused] : calibrations->items()) {
    const Unit unit = axis_of(*calibrations, std::stoi(place)).second;
    if (!info.image || (unit.text != "eV" && unit.text != "keV")) continue;
    info.image = false;
    info.reason = "a spectrum: one of its axes is in " + unit.text;
  }
  const auto [scale_y, unit_y] = axis_of(*calibrations, axes.row);
  const auto [scale_x, unit_x] = axis_of(*calibrations, axes.col);
  set_pixel_size(info,
                 pixel_size_from({scale_y, scale_x}, {unit_y, unit_x}, "Nion Swift calibrations"));
}

}  // namespace metamict
