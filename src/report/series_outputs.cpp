// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/series_outputs.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "base/system/whole_file.hpp"
#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "metamict/order.hpp"
#include "report/files/label_tiff.hpp"
#include "report/pictures/overlay.hpp"

namespace metamict {

namespace {

using Json = nlohmann::ordered_json;

WrittenFile put(const std::filesystem::path& folder, const std::string& name, std::string_view bytes) {
  WholeFile file(folder / name);
  file.write(bytes);
  WrittenFile written = file.finish();
  written.path = name;
  return written;
}

/// The front's numbers by name: pixels times a factor, or nothing without a pixel size.
struct Quantity {
  std::string name;
  std::optional<Measured> value;
};

std::vector<Quantity> quantities(const SeriesMember& member) {
  const Front none{};
  const Front& front = member.front ? *member.front : none;
  const auto scaled = [&](const Measured& pixels, int power) -> std::optional<Measured> {
    if (!member.nm_per_pixel) return {};
    const double factor = std::pow(*member.nm_per_pixel, power);
    return Measured{pixels.value * factor, pixels.uncertainty * factor};
  };
  return {{"amorphous_fraction_film", front.amorphous_fraction},
          {"amorphous_area_nm2", scaled(front.amorphous_area_px, 2)},
          {"front_depth_nm_mean", scaled(front.depth_mean_px, 1)},
          {"front_depth_nm_sd", scaled(front.depth_sd_px, 1)},
          {"front_depth_nm_max", scaled(front.depth_max_px, 1)}};
}

std::uint64_t area_of(const SeriesMember& member, int label) {
  for (const SeriesRegion& region : member.regions)
    if (region.label == label) return region.area_px;
  return 0;
}

std::string front_csv(const SeriesMember& member) {
  std::string text =
      "along_px,surface_x_px,surface_y_px,front_x_px,front_y_px,interface_x_px,interface_y_px,depth_px,depth_nm\r\n";
  for (const FrontPoint& point : member.front->curve) {
    for (const double value : {point.along_px, point.surface_px.x, point.surface_px.y, point.front_px.x,
                               point.front_px.y, point.interface_px.x, point.interface_px.y})
      text += fixed(value, 2) + ",";
    text += fixed(point.depth_px, 2) + "," +
            (member.nm_per_pixel ? fixed(point.depth_px * *member.nm_per_pixel, 4) : "") + "\r\n";
  }
  return text;
}

/// The member as the pictures of one image want it.
Result as_result(const SeriesMember& member, const Micrograph& micrograph) {
  Result result;
  result.micrograph = micrograph;
  result.grid = member.grid;
  result.order = member.order;
  return result;
}

Json measured_json(const std::optional<Measured>& measured) {
  return measured ? Json{{"value", measured->value}, {"uncertainty", measured->uncertainty}}
                  : Json{{"value", nullptr}, {"uncertainty", nullptr}};
}

Json front_json(const SeriesMember& member) {
  if (!member.front) return nullptr;
  const Front& front = *member.front;
  Json json{{"film_area_px", front.film_area_px.value},
            {"amorphous_area_px", measured_json(front.amorphous_area_px)},
            {"partly_ordered_area_px", measured_json(front.partly_ordered_area_px)},
            {"film_lattice_contrast", front.film_contrast}};
  for (const Quantity& quantity : quantities(member)) json[quantity.name] = measured_json(quantity.value);
  Json curve = Json::array();
  const auto point = [](cv::Point2d p) { return Json{std::round(p.x * 100) / 100, std::round(p.y * 100) / 100}; };
  for (const FrontPoint& one : front.curve)
    curve.push_back(
        {{"along_px", std::round(one.along_px * 100) / 100},
         {"surface_px", point(one.surface_px)},
         {"front_px", point(one.front_px)},
         {"interface_px", point(one.interface_px)},
         {"depth_px", std::round(one.depth_px * 100) / 100},
         {"depth_nm",
          member.nm_per_pixel ? Json(std::round(one.depth_px * *member.nm_per_pixel * 1e4) / 1e4) : Json()}});
  json["curve"] = std::move(curve);
  return json;
}

Json member_json(const SeriesMember& member, const std::vector<SeriesLabel>& labels) {
  Json json{
      {"image", clean_utf8(member.entry.name)}, {"stem", clean_utf8(member.stem)}, {"dose_dpa", member.entry.dose_dpa}};
  json["columns"] = Json::object();
  for (const auto& [name, value] : member.entry.columns) json["columns"][clean_utf8(name)] = clean_utf8(value);
  json["rule"] = member.rule;
  json["nm_per_pixel"] = member.nm_per_pixel ? Json(*member.nm_per_pixel) : Json();
  json["chip_px"] = member.chip_px;
  json["stride_px"] = member.stride_px;
  json["labels"] = clean_utf8(member.stem) + "/series/labels.tif";
  json["growth_direction_deg"] = member.growth ? Json(member.growth->angle_deg) : Json();
  json["regions"] = Json::array();
  for (const SeriesRegion& region : member.regions)
    json["regions"].push_back({{"label", region.label},
                               {"name", labels[static_cast<std::size_t>(region.label - 1)].name},
                               {"area_px", region.area_px},
                               {"area_nm2", region.area_nm2 ? Json(*region.area_nm2) : Json()},
                               {"order", region.order},
                               {"ordered", is_ordered(region.order)},
                               {"mean_intensity", region.mean_intensity},
                               {"own_labels", region.own_labels}});
  json["absent"] = member.absent;
  json["front"] = front_json(member);
  json["notes"] = Json::array();
  for (const std::string& note : member.notes) json["notes"].push_back(clean_utf8(note));
  return json;
}

}  // namespace

std::string series_csv(const Series& series) {
  std::string text = "image,dose_dpa";
  for (const Quantity& quantity : quantities(SeriesMember{}))
    text += "," + quantity.name + "," + quantity.name + "_uncertainty";
  for (const SeriesLabel& label : series.labels) text += ",label_" + std::to_string(label.label) + "_area_px";
  std::vector<std::string> kept;
  for (const SeriesMember& member : series.members)
    for (const auto& [name, value] : member.entry.columns)
      if (std::find(kept.begin(), kept.end(), name) == kept.end()) kept.push_back(name);
  for (const std::string& name : kept) text += "," + csv_cell(name);
  text += "\r\n";
  for (const SeriesMember& member : series.members) {
    text += csv_cell(member.entry.name) + "," + shortest(member.entry.dose_dpa);
    for (const Quantity& quantity : quantities(member))
      text +=
          quantity.value ? "," + shortest(quantity.value->value) + "," + shortest(quantity.value->uncertainty) : ",,";
    for (const SeriesLabel& label : series.labels) text += "," + std::to_string(area_of(member, label.label));
    for (const std::string& name : kept) {
      text += ",";
      for (const auto& [own, value] : member.entry.columns)
        if (own == name) text += csv_cell(value);
    }
    text += "\r\n";
  }
  return text;
}

std::string series_json(const Series& series) {
  Json json{{"schema", "metamict-series/1"}, {"joint", series.joint}};
  json["growth_direction_deg"] = series.growth ? Json(series.growth->angle_deg) : Json();
  json["growth_direction_source"] = !series.growth ? Json() : Json(series.growth->given ? "given" : "found");
  json["labels"] = Json::array();
  for (const SeriesLabel& label : series.labels)
    json["labels"].push_back(
        {{"label", label.label},
         {"name", label.name},
         {"layer", label.layer == Layer::other ? Json() : Json(std::string(name_of(label.layer)))}});
  json["images"] = Json::array();
  for (const SeriesMember& member : series.members) json["images"].push_back(member_json(member, series.labels));
  json["notes"] = Json::array();
  for (const std::string& note : series.notes) json["notes"].push_back(clean_utf8(note));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string series_table_mqc(const Series& series) {
  Json json{{"id", "metamict_series"},
            {"section_name", "Dose series"},
            {"description", "Amorphous part of the film, image by image (metamict)."},
            {"plot_type", "table"},
            {"pconfig", {{"id", "metamict_series_table"}, {"title", "metamict: dose series"}}}};
  json["headers"] = {{"dose_dpa", {{"title", "Dose (dpa)"}, {"format", "{:,.3g}"}}},
                     {"amorphous_fraction_film",
                      {{"title", "Amorphous fraction of film"}, {"format", "{:,.3f}"}, {"min", 0}, {"max", 1}}},
                     {"amorphous_area_nm2", {{"title", "Amorphous area (nm²)"}, {"format", "{:,.1f}"}}},
                     {"front_depth_nm_mean", {{"title", "Front depth, mean (nm)"}, {"format", "{:,.2f}"}}},
                     {"front_depth_nm_sd", {{"title", "Front depth, s.d. (nm)"}, {"format", "{:,.2f}"}}},
                     {"front_depth_nm_max", {{"title", "Front depth, max (nm)"}, {"format", "{:,.2f}"}}}};
  json["data"] = Json::object();
  for (const SeriesMember& member : series.members) {
    Json row{{"dose_dpa", member.entry.dose_dpa}};
    for (const Quantity& quantity : quantities(member))
      if (quantity.value) row[quantity.name] = quantity.value->value;
    json["data"][clean_utf8(member.stem)] = std::move(row);
  }
  return json.dump(1) + "\n";
}

std::string series_trend_mqc(const Series& series) {
  Json json{{"id", "metamict_trend"},
            {"section_name", "Amorphous fraction against dose"},
            {"plot_type", "linegraph"},
            {"pconfig",
             {{"id", "metamict_trend_plot"},
              {"title", "metamict: amorphous fraction of the film"},
              {"xlab", "dose (dpa)"},
              {"ylab", "fraction"},
              {"ymin", 0}}}};
  Json line = Json::object();
  for (const SeriesMember& member : series.members)
    line[shortest(member.entry.dose_dpa)] = quantities(member).front().value->value;
  json["data"] = {{"amorphous fraction of the film", std::move(line)}};
  return json.dump(1) + "\n";
}

std::vector<WrittenFile> SeriesWriter::add(const SeriesMember& member, const Micrograph& micrograph,
                                           const std::vector<SeriesLabel>& labels) {
  const std::filesystem::path folder = output_ / member.stem;
  std::error_code failure;
  std::filesystem::create_directories(folder / "series", failure);
  if (failure)
    throw OutputError("the folder " + (folder / "series").string() + " cannot be made: " + failure.message());
  RuleResult rule;
  rule.name = "series";
  rule.kind = RuleKind::derived;
  rule.map.labels = member.labels;
  rule.map.area_px.assign(1, 0);
  std::uint64_t assigned = 0;
  for (const SeriesRegion& region : member.regions) {
    Region one;
    one.label = region.label;
    one.area_px = region.area_px;
    one.order = region.order;
    rule.regions.push_back(one);
    assigned += region.area_px;
  }
  rule.map.area_px.front() = member.labels.total() - assigned;
  std::vector<std::string> names;
  for (const SeriesLabel& label : labels) names.push_back(label.name);
  std::vector<WrittenFile> files{
      put(folder, "series/labels.tif", label_tiff(member.labels, member.nm_per_pixel)),
      put(folder, "series/overlay.png", draw_overlay(as_result(member, micrograph), rule, names)),
      put(folder, "series/outlines.geojson", outlines_geojson(member.labels, labels)),
      put(folder, "series/RoiSet.zip", roi_set(member.labels, labels))};
  if (member.front) files.push_back(put(folder, "series/front.csv", front_csv(member)));
  sync_folder(folder / "series");
  sections_.push_back(series_section(member, micrograph, labels, sections_.size()));
  return files;
}

std::vector<WrittenFile> SeriesWriter::finish(const Series& series) {
  std::vector<WrittenFile> files{put(output_, "series.csv", series_csv(series)),
                                 put(output_, "series.json", series_json(series)),
                                 put(output_, "metamict_series_mqc.json", series_table_mqc(series)),
                                 put(output_, "metamict_trend_mqc.json", series_trend_mqc(series)),
                                 put(output_, "series.html", series_html(series, sections_, command_))};
  sync_folder(output_);
  return files;
}

}  // namespace metamict
