// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/series_outputs.hpp"

#include "report/files/geojson.hpp"
#include "report/files/label_tiff.hpp"
#include "report/files/multiqc.hpp"
#include "report/files/roi_set.hpp"
#include "report/files/series_csv.hpp"
#include "report/files/series_json.hpp"
#include "report/pages/chart.hpp"
#include "report/pages/series_html.hpp"
#include "report/pages/series_trends.hpp"
#include "report/pictures/overlay.hpp"
#include "report/region_map.hpp"

namespace metamict {

std::vector<WrittenFile> SeriesWriter::add(const SeriesMember& member, const Micrograph& micrograph,
                                           const std::vector<SeriesLabel>& labels) {
  const ReportFolder folder(output_ / member.stem);
  ReportFolder(folder / "series").make_with_parents();
  std::vector<WrittenFile> files{
      folder.put("series/labels.tif",
                 label_tiff(member.labels, pixel_size(member.nm_per_pixel, member.pixel_aspect))),
      folder.put("series/overlay.png", draw_overlay(micrograph, region_map(member, labels))),
      folder.put(
          "series/outlines.geojson",
          outlines_geojson(member.labels, labels,
                           pixel_size(member.nm_per_pixel, member.pixel_aspect), member.regions)),
      folder.put("series/RoiSet.zip", roi_set(member.labels, labels))};
  for (const auto& [wanted, format, ending] : {std::tuple{options_.svg, VectorFormat::svg, "svg"},
                                               std::tuple{options_.pdf, VectorFormat::pdf, "pdf"}})
    if (wanted) {
      files.push_back(folder.put(std::string("series/overlay.") + ending,
                                 draw_overlay_as(format, micrograph, region_map(member, labels))));
      if (member.front)
        files.push_back(folder.put(std::string("series/profile.") + ending,
                                   chart_file(order_profile(member), format)));
    }
  if (member.growth) files.push_back(folder.put("series/layers.csv", layers_csv(member, labels)));
  if (member.front) {
    files.push_back(folder.put("series/front.csv", front_csv(member)));
    files.push_back(folder.put("series/profile.csv", profile_csv(member)));
  }
  folder.sync("series");
  sections_.push_back(series_section(member, micrograph, labels, axis_, sections_.size()));
  return files;
}

std::vector<WrittenFile> SeriesWriter::finish(const Series& series) {
  std::vector<WrittenFile> files{
      output_.put("series.csv", series_csv(series)),
      output_.put("series.json", series_json(series)),
      output_.put("metamict_series_mqc.json", series_table_mqc(series)),
      output_.put("metamict_trend_mqc.json", series_trend_mqc(series)),
      output_.put("series.html", series_html(series, sections_, command_))};
  for (const auto& [wanted, format, ending] : {std::tuple{options_.svg, VectorFormat::svg, ".svg"},
                                               std::tuple{options_.pdf, VectorFormat::pdf, ".pdf"}})
    if (wanted)
      for (const auto& [name, bytes] : trend_figures(series, format))
        files.push_back(output_.put(name + ending, bytes));
  output_.sync();
  return files;
}

}  // namespace metamict
