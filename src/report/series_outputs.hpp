// SPDX-License-Identifier: GPL-3.0-or-later
// What a series leaves on disk beside the folders of its images.
#pragma once

#include <string>
#include <vector>

#include "metamict/outputs.hpp"
#include "metamict/series.hpp"
#include "metamict/written_file.hpp"
#include "report/pages/html.hpp"
#include "report/report_folder.hpp"

namespace metamict {

/// Writes a member's files once the member is complete, and the series' own once all members are.
/// Every file appears whole or not at all. Throws OutputError.
class SeriesWriter {
 public:
  /// `command` is the line that repeats the series.
  SeriesWriter(std::filesystem::path output, std::string command, DoseAxis axis,
               OutputOptions options = {})
      : output_(std::move(output)),
        command_(std::move(command)),
        axis_(std::move(axis)),
        options_(options) {}

  /// <stem>/series/labels.tif, overlay.png, outlines.geojson, RoiSet.zip and, where there is a
  /// front, front.csv. Paths in the answer are relative to the image's folder.
  std::vector<WrittenFile> add(const SeriesMember& member, const Micrograph& micrograph,
                               const std::vector<SeriesLabel>& labels);

  /// series.csv, series.json, series.html, metamict_series_mqc.json and metamict_trend_mqc.json.
  std::vector<WrittenFile> finish(const Series& series);

 private:
  ReportFolder output_;
  std::string command_;
  DoseAxis axis_;
  OutputOptions options_;
  std::vector<Html> sections_;  ///< of series.html, one an image
};

}  // namespace metamict
