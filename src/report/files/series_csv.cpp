// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/series_csv.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "report/layer_shapes.hpp"
#include "report/series_numbers.hpp"

namespace metamict {

namespace {

/// The columns that any image of the list has, in the order in which they come.
std::vector<std::string> own_columns(const Series& series) {
  std::vector<std::string> columns;
  for (const SeriesMember& member : series.members)
    for (const auto& [name, value] : member.entry.columns)
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  return columns;
}

std::string cell_of(const SeriesMember& member, const std::string& column) {
  std::string text;
  for (const auto& [name, value] : member.entry.columns)
    if (name == column) text += csv_cell(value);
  return text;
}

std::string head_line(const Series& series) {
  std::string text = "image," + csv_cell(series.axis.column);
  for (const Quantity& quantity : quantities(SeriesMember{}))
    text += "," + quantity.name + "," + quantity.name + "_uncertainty";
  for (const SeriesLabel& label : series.labels)
    text += ",label_" + std::to_string(label.label) + "_area_px";
  text += ",amorphous_fraction_film_limit,front_depth_nm_limit";
  for (const SteadyNumber& one : steady_numbers(SeriesMember{})) text += "," + one.name;
  text += ",replicates,warnings";
  for (const std::string& column : own_columns(series)) text += "," + csv_cell(column);
  return text + "\r\n";
}

std::string line_of(const Series& series, const SeriesMember& member) {
  std::string text = csv_cell(member.entry.name) + "," + shortest(member.entry.dose);
  for (const Quantity& quantity : quantities(member)) {
    if (const std::optional<Measured>& measured = quantity.value)
      text += "," + shortest(measured->value) + "," + shortest(measured->uncertainty);
    else
      text += ",,";
  }
  for (const SeriesLabel& label : series.labels)
    text += "," + std::to_string(area_of(member, label.label));
  for (const auto& limit : {amorphous_fraction_limit(member), front_depth_limit_nm(member)})
    text += "," + (limit ? shortest(*limit) : "");
  for (const SteadyNumber& one : steady_numbers(member))
    text += "," + (one.value ? shortest(*one.value) : "");
  text += "," + std::to_string(replicates_of(member, series));
  std::string warnings;
  for (const std::string& warning : member.warnings)
    warnings += (warnings.empty() ? "" : "; ") + warning;
  text += "," + csv_cell(warnings);
  for (const std::string& column : own_columns(series)) text += "," + cell_of(member, column);
  return text + "\r\n";
}

}  // namespace

std::string series_csv(const Series& series) {
  std::string text = head_line(series);
  for (const SeriesMember& member : series.members) text += line_of(series, member);
  return text;
}

std::string front_csv(const SeriesMember& member) {
  std::string text =
      "along_px,surface_x_px,surface_y_px,front_x_px,front_y_px,interface_x_px,interface_y_px,"
      "depth_px,depth_nm\r\n";
  for (const FrontPoint& point : member.front->curve) {
    for (const double value :
         {point.along_px, point.surface_px.x, point.surface_px.y, point.front_px.x,
          point.front_px.y, point.interface_px.x, point.interface_px.y, point.depth_px})
      text += fixed(value, 2) + ",";
    if (member.nm_per_pixel) text += fixed(point.depth_px * *member.nm_per_pixel, 4);
    text += "\r\n";
  }
  return text;
}

std::string profile_csv(const SeriesMember& member) {
  std::string text = "depth_px,depth_nm,lattice_contrast,regions_with_order\r\n";
  for (const ProfilePoint& point : member.front->profile) {
    text += fixed(point.depth_px, 2) + ",";
    if (member.nm_per_pixel) text += fixed(point.depth_px * *member.nm_per_pixel, 4);
    text += "," + fixed(point.lattice, 4) + "," + fixed(point.regions, 4) + "\r\n";
  }
  return text;
}

std::string layers_csv(const SeriesMember& member, const std::vector<SeriesLabel>& labels) {
  std::string text =
      "label,name,thickness_px,thickness_nm,thickness_sd_px,thickness_sd_nm,lines,cut_by_edge,"
      "upper_roughness_px,upper_roughness_nm,lower_roughness_px,lower_roughness_nm\r\n";
  const auto both = [&](std::optional<double> px) {
    const std::optional<double>& nm = member.nm_per_pixel;
    return "," + (px ? fixed(*px, 2) : "") + "," + (px && nm ? fixed(*px * *nm, 4) : "");
  };
  for (const LayerShape& shape : layer_shapes(member)) {
    text += std::to_string(shape.label) + "," +
            csv_cell(labels[static_cast<std::size_t>(shape.label - 1)].name);
    text += both(shape.thickness_px) + both(shape.thickness_sd_px) + "," + fixed(shape.lines, 4) +
            (shape.cut_by_edge ? ",1" : ",0") + both(shape.upper_roughness_px) +
            both(shape.lower_roughness_px) + "\r\n";
  }
  return text;
}

}  // namespace metamict
