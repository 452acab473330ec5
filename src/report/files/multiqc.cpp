// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/files/multiqc.hpp"

#include "base/text.hpp"
#include "report/files/json_values.hpp"
#include "report/series_numbers.hpp"

namespace metamict {

std::string series_table_mqc(const Series& series) {
  Json json{{"id", "metamict_series"},
            {"section_name", "Dose series"},
            {"description", "Amorphous part of the film, image by image (metamict)."},
            {"plot_type", "table"},
            {"pconfig", {{"id", "metamict_series_table"}, {"title", "metamict: dose series"}}}};
  json["headers"] = {
      {series.axis.column, {{"title", clean_utf8(series.axis.title())}, {"format", "{:,.3g}"}}},
      {"amorphous_fraction_film",
       {{"title", "Amorphous fraction of film"}, {"format", "{:,.3f}"}, {"min", 0}, {"max", 1}}},
      {"amorphous_area_nm2", {{"title", "Amorphous area (nm²)"}, {"format", "{:,.1f}"}}},
      {"front_depth_nm_mean", {{"title", "Front depth, mean (nm)"}, {"format", "{:,.2f}"}}},
      {"front_depth_nm_sd", {{"title", "Front depth, s.d. (nm)"}, {"format", "{:,.2f}"}}},
      {"front_depth_nm_max", {{"title", "Front depth, max (nm)"}, {"format", "{:,.2f}"}}}};
  json["data"] = Json::object();
  for (const SeriesMember& member : series.members) {
    Json row{{series.axis.column, member.entry.dose}};
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
              {"xlab", clean_utf8(series.axis.title())},
              {"ylab", "fraction"},
              {"ymin", 0}}}};
  Json line = Json::object();
  for (const SeriesMember& member : series.members)
    if (const auto share = quantities(member).front().value)
      line[shortest(member.entry.dose)] = share->value;
  json["data"] = {{"amorphous fraction of the film", std::move(line)}};
  return json.dump(1) + "\n";
}

}  // namespace metamict
