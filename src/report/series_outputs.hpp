// SPDX-License-Identifier: GPL-3.0-or-later
// What a series leaves on disk beside the folders of its images.
#pragma once

#include <string>
#include <vector>

#include "metamict/outputs.hpp"
#include "metamict/series.hpp"

namespace metamict {

/// Writes a member's files as it is complete, and the series' own once all are. Every file whole or not at all; throws
/// OutputError.
class SeriesWriter {
 public:
  /// `command` is the line that repeats the series.
  SeriesWriter(std::filesystem::path output, std::string command)
      : output_(std::move(output)), command_(std::move(command)) {}

  /// <stem>/series/labels.tif, overlay.png, outlines.geojson, RoiSet.zip and, where there is a front, front.csv. Paths
  /// in the answer are relative to the image's folder.
  std::vector<WrittenFile> add(const SeriesMember& member, const Micrograph& micrograph,
                               const std::vector<SeriesLabel>& labels);

  /// series.csv, series.json, series.html, metamict_series_mqc.json and metamict_trend_mqc.json.
  std::vector<WrittenFile> finish(const Series& series);

 private:
  std::filesystem::path output_;
  std::string command_;
  std::vector<std::string> sections_;  ///< of series.html, one an image
};

std::string series_csv(const Series& series);
std::string series_json(const Series& series);
/// MultiQC custom content: the table of images, and the trend as lines.
std::string series_table_mqc(const Series& series);
std::string series_trend_mqc(const Series& series);

/// The outlines of a label map as GeoJSON (RFC 7946) for QuPath: one feature a label, in pixels with the picture's
/// upper left corner at 0, 0; exactly the label's pixels.
std::string outlines_geojson(const cv::Mat& labels, const std::vector<SeriesLabel>& names);

/// The same outlines for ImageJ's ROI Manager: a ZIP file with one composite selection a label.
std::string roi_set(const cv::Mat& labels, const std::vector<SeriesLabel>& names);

/// One image's part of series.html, and the page around them.
std::string series_section(const SeriesMember& member, const Micrograph& micrograph,
                           const std::vector<SeriesLabel>& labels, std::size_t number);
std::string series_html(const Series& series, const std::vector<std::string>& sections, const std::string& command);

}  // namespace metamict
