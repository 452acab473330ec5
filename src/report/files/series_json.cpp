// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/series_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "metamict/order.hpp"
#include "report/files/json_values.hpp"
#include "report/series_numbers.hpp"

namespace metamict {

namespace {

Json measured_json(const std::optional<Measured>& measured) {
  return measured ? Json{{"value", measured->value}, {"uncertainty", measured->uncertainty}}
                  : Json{{"value", nullptr}, {"uncertainty", nullptr}};
}

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

Json point_json(const cv::Point2d& point) { return {rounded(point.x, 100), rounded(point.y, 100)}; }

Json curve_json(const SeriesMember& member) {
  Json curve = Json::array();
  for (const FrontPoint& one : member.front->curve) {
    Json place{
        {"along_px", rounded(one.along_px, 100)}, {"surface_px", point_json(one.surface_px)},
        {"front_px", point_json(one.front_px)},   {"interface_px", point_json(one.interface_px)},
        {"depth_px", rounded(one.depth_px, 100)}, {"depth_nm", nullptr}};
    if (member.nm_per_pixel) place["depth_nm"] = rounded(one.depth_px * *member.nm_per_pixel, 1e4);
    curve.push_back(std::move(place));
  }
  return curve;
}

Json front_json(const SeriesMember& member) {
  if (!member.front) return nullptr;
  const Front& front = *member.front;
  Json json{{"film_area_px", front.film_area_px.value},
            {"amorphous_area_px", measured_json(front.amorphous_area_px)},
            {"partly_ordered_area_px", measured_json(front.partly_ordered_area_px)},
            {"film_lattice_contrast", front.film_contrast}};
  for (const Quantity& quantity : quantities(member))
    json[quantity.name] = measured_json(quantity.value);
  json["curve"] = curve_json(member);
  return json;
}

Json region_json(const SeriesRegion& region, const std::vector<SeriesLabel>& labels) {
  return {{"label", region.label},
          {"name", labels[static_cast<std::size_t>(region.label - 1)].name},
          {"area_px", region.area_px},
          {"area_nm2", or_null(region.area_nm2)},
          {"order", region.order},
          {"ordered", is_ordered(region.order)},
          {"mean_intensity", region.mean_intensity},
          {"confidence", or_null(region.confidence)},
          {"own_labels", region.own_labels}};
}

Json label_json(const SeriesLabel& label) {
  const Json layer = label.layer == Layer::other ? Json() : Json(std::string(name_of(label.layer)));
  return {{"label", label.label}, {"name", label.name}, {"layer", layer}};
}

Json member_json(const SeriesMember& member, const Series& series) {
  const std::vector<SeriesLabel>& labels = series.labels;
  const DoseAxis& axis = series.axis;
  Json json{{"image", clean_utf8(member.entry.name)},
            {"stem", clean_utf8(member.stem)},
            {axis.column, member.entry.dose}};
  json["columns"] = Json::object();
  for (const auto& [name, value] : member.entry.columns)
    json["columns"][clean_utf8(name)] = clean_utf8(value);
  json["rule"] = member.rule;
  json["nm_per_pixel"] = or_null(member.nm_per_pixel);
  if (const auto pixel = pixel_size(member.nm_per_pixel, member.pixel_aspect)) {
    json["pixel_height_nm"] = pixel->height_nm;
    json["pixel_width_nm"] = pixel->width_nm;
  }
  for (const SteadyNumber& one : steady_numbers(member)) json[one.name] = or_null(one.value);
  json["amorphous_fraction_film_limit"] = or_null(amorphous_fraction_limit(member));
  json["front_depth_nm_limit"] = or_null(front_depth_limit_nm(member));
  json["replicates"] = replicates_of(member, series);
  json["warnings"] = member.warnings;
  json["chip_px"] = member.chip_px;
  json["stride_px"] = member.stride_px;
  json["labels"] = clean_utf8(member.stem) + "/series/labels.tif";
  json["growth_direction_deg"] = member.growth ? Json(member.growth->angle_deg) : Json();
  json["regions"] = Json::array();
  for (const SeriesRegion& region : member.regions)
    json["regions"].push_back(region_json(region, labels));
  json["absent"] = member.absent;
  json["front"] = front_json(member);
  json["notes"] = notes_json(member.notes);
  return json;
}

}  // namespace

std::string series_json(const Series& series) {
  Json json{{"schema", "metamict-series/1"}, {"joint", series.joint}};
  json["dose"] = {{"column", clean_utf8(series.axis.column)},
                  {"quantity", clean_utf8(series.axis.quantity)},
                  {"unit", clean_utf8(series.axis.unit)}};
  json["growth_direction_deg"] = nullptr;
  json["growth_direction_source"] = nullptr;
  if (series.growth) {
    json["growth_direction_deg"] = series.growth->angle_deg;
    json["growth_direction_source"] = series.growth->given ? "given" : "found";
  }
  json["labels"] = Json::array();
  for (const SeriesLabel& label : series.labels) json["labels"].push_back(label_json(label));
  json["images"] = Json::array();
  for (const SeriesMember& member : series.members)
    json["images"].push_back(member_json(member, series));
  json["notes"] = notes_json(series.notes);
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace metamict
