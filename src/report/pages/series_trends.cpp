// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/series_trends.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "report/pages/chart.hpp"
#include "report/pages/html_parts.hpp"
#include "report/series_numbers.hpp"

namespace metamict {

namespace {

constexpr Colour blue{0, 114, 178}, orange{213, 94, 0};
constexpr std::size_t most_lines = 8;  // more cannot be told apart; the table has them

/// Lengths in nm where every image has a pixel size, else in pixels.
struct Scale {
  bool calibrated;

  explicit Scale(const Series& series)
      : calibrated(std::all_of(series.members.begin(), series.members.end(),
                               [](const SeriesMember& m) { return m.nm_per_pixel.has_value(); })) {}

  double of(const SeriesMember& member) const { return calibrated ? *member.nm_per_pixel : 1.0; }
};

/// One point a dose: images of one dose give their mean. Its bar is their spread, or the bars of
/// the single images where these are larger.
std::vector<ChartPoint> means_of_replicates(const std::vector<ChartPoint>& points) {
  std::map<double, std::vector<ChartPoint>> by_dose;
  for (const ChartPoint& point : points) by_dose[point.x].push_back(point);
  std::vector<ChartPoint> means;
  for (const auto& [dose, same] : by_dose) {
    const auto count = static_cast<double>(same.size());
    double mean = 0, bars = 0, spread = 0;
    for (const ChartPoint& point : same) {
      mean += point.y / count;
      bars += point.error * point.error / count;
    }
    for (const ChartPoint& point : same)
      spread += std::pow(point.y - mean, 2) / std::max(1.0, count - 1);
    means.push_back({dose, mean, std::sqrt(std::max(bars, spread))});
  }
  return means;
}

/// One value of every member with a front, with its uncertainty.
template <class Value>
ChartLine line_of(const Series& series, const std::string& name, Colour colour,
                  const Value& value) {
  ChartLine line{name, colour, {}};
  for (const SeriesMember& member : series.members) {
    if (!member.front || is_in_doubt(member)) continue;
    const Measured measured = value(member);
    line.points.push_back({member.entry.dose, measured.value, measured.uncertainty});
  }
  line.points = means_of_replicates(line.points);
  return line;
}

Chart share_chart(const Series& series) {
  const auto share = [](const SeriesMember& member) { return member.front->amorphous_fraction; };
  return {"Amorphous share of the film",
          series.axis.title(),
          "share of the film's area",
          {line_of(series, "", blue, share)}};
}

Chart depth_chart(const Series& series, const Scale& scale) {
  const auto mean_and_spread = [&](const SeriesMember& member) {
    const double factor = scale.of(member);
    return Measured{member.front->depth_mean_px.value * factor,
                    member.front->depth_sd_px.value * factor};
  };
  const auto deepest = [&](const SeriesMember& member) {
    return scaled(member.front->depth_max_px, scale.of(member));
  };
  return {"Depth of the front below the surface",
          series.axis.title(),
          scale.calibrated ? "depth (nm)" : "depth (px)",
          {line_of(series, "mean, bars: spread", blue, mean_and_spread),
           line_of(series, "deepest", orange, deepest)}};
}

Chart area_chart(const Series& series, const Scale& scale) {
  Chart chart{"Area of each label",
              series.axis.title(),
              scale.calibrated ? "area (nm²)" : "area (px²)",
              {}};
  for (std::size_t i = 0; i < std::min(most_lines, series.labels.size()); ++i) {
    const SeriesLabel& label = series.labels[i];
    ChartLine line{label.name, region_colour(label.label), {}};
    for (const SeriesMember& member : series.members) {
      const auto pixels = static_cast<double>(area_of(member, label.label));
      const double area = pixels * (scale.of(member) * scale.of(member));
      line.points.push_back({member.entry.dose, area, 0});
    }
    chart.lines.push_back(std::move(line));
  }
  return chart;
}

bool shows_fronts(const Series& series) {
  return std::any_of(series.members.begin(), series.members.end(),
                     [](const SeriesMember& m) { return m.front.has_value(); });
}

}  // namespace

std::vector<std::pair<std::string, std::string>> trend_figures(const Series& series,
                                                               VectorFormat format) {
  const Scale scale(series);
  std::vector<std::pair<std::string, std::string>> figures;
  if (shows_fronts(series)) {
    figures.emplace_back("trend_amorphous_fraction", chart_file(share_chart(series), format));
    figures.emplace_back("trend_front_depth", chart_file(depth_chart(series, scale), format));
  }
  figures.emplace_back("trend_areas", chart_file(area_chart(series, scale), format));
  return figures;
}

Chart order_profile(const SeriesMember& member) {
  const double factor = member.nm_per_pixel.value_or(1.0);
  ChartLine lattice{"lattice contrast", blue, {}, false},
      regions{"regions with order", orange, {}, false};
  for (const ProfilePoint& point : member.front->profile) {
    lattice.points.push_back({point.depth_px * factor, point.lattice, 0});
    regions.points.push_back({point.depth_px * factor, point.regions, 0});
  }
  return {"Order below the surface",
          member.nm_per_pixel ? "depth below the film's surface (nm)"
                              : "depth below the film's surface (px)",
          "order, 1 = crystal",
          {lattice, regions}};
}

Html series_trends(const Series& series) {
  const Scale scale(series);
  const bool fronts = shows_fronts(series);
  Html text = element("h2", "Against " + series.axis.quantity) +
              "\n<div class=\"row three charts\">\n"_html;
  if (fronts) {
    text += html::figure(
        draw_chart(share_chart(series)),
        "Bars: one standard deviation, from the runs and the looks at the image, from leaving out "
        "one of the lattice's reflections at a time, from the partly ordered rim, and from the "
        "film's borders"_html);
    text += html::figure(draw_chart(depth_chart(series, scale)),
                         "Over all places along the film, 0 where nothing is amorphous");
  }
  text += html::figure(draw_chart(area_chart(series, scale)), "In each image's field of view"_html);
  return text + "</div>\n"_html;
}

}  // namespace metamict
