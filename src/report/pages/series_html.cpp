// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "metamict/order.hpp"
#include "report/pages/chart.hpp"
#include "report/pages/html_parts.hpp"
#include "report/series_outputs.hpp"

namespace metamict {

namespace {

std::string dose_text(double dose) { return shortest(dose) + " dpa"; }

std::string with_error(double value, double error, int decimals) {
  for (int more = 0; more < 2 && error > 0 && error < 0.5 * std::pow(10, -decimals); ++more)
    ++decimals;  // "7.0 ± 0.0" says nothing
  return fixed(value, decimals) + (error > 0 ? " ± " + fixed(error, decimals) : "");
}

std::string swatch(int label) {
  const Colour colour = region_colour(label);
  return "<svg class=\"swatch\" viewBox=\"0 0 26 18\" role=\"img\" aria-label=\"label " + std::to_string(label) +
         "\"><rect width=\"26\" height=\"18\" fill=\"" + hex(colour) +
         "\"/><text x=\"13\" y=\"13.5\" font-size=\"12\" font-weight=\"bold\" text-anchor=\"middle\" fill=\"" +
         hex(ink_on(colour)) + "\">" + std::to_string(label) + "</text></svg>";
}

RuleResult as_rule(const SeriesMember& member) {
  RuleResult rule;
  rule.name = "series";
  rule.map.labels = member.labels;
  rule.communities.node_stability = member.stability;
  int largest = 0;
  for (const SeriesRegion& region : member.regions) largest = std::max(largest, region.label);
  for (int label = 1; label <= largest; ++label) {  // outlines are found by label
    Region one;
    one.label = label;
    for (const SeriesRegion& region : member.regions)
      if (region.label == label) one.area_px = region.area_px, one.order = region.order;
    rule.regions.push_back(one);
  }
  return rule;
}

std::string front_lines(const SeriesMember& member) {
  if (!member.front || member.front->depth_max_px.value <= 0) return {};
  std::string points;
  for (const FrontPoint& point : member.front->curve)
    points += fixed(point.front_px.x + 0.5, 1) + "," + fixed(point.front_px.y + 0.5, 1) + " ";
  return "<polyline class=\"front under\" points=\"" + points + "\"/><polyline class=\"front\" points=\"" + points +
         "\"/>";
}

std::string with_front(std::string panel, const SeriesMember& member) {
  const std::size_t end = panel.rfind("</svg>");
  return panel.insert(end == std::string::npos ? panel.size() : end, front_lines(member));
}

std::string member_facts(const SeriesMember& member) {
  if (!member.front) return {};
  const Front& front = *member.front;
  const auto fact = [](const std::string& name, const std::string& value) {
    return "<div><dt>" + name + "</dt><dd>" + value + "</dd></div>\n";
  };
  const double factor = member.nm_per_pixel.value_or(1.0);
  const std::string unit = member.nm_per_pixel ? " nm" : " px", square = member.nm_per_pixel ? " nm²" : " px²";
  const auto length = [&](const Measured& m) { return with_error(m.value * factor, m.uncertainty * factor, 2) + unit; };
  return "<dl class=\"facts\">\n" +
         fact("amorphous share of the film",
              with_error(100 * front.amorphous_fraction.value, 100 * front.amorphous_fraction.uncertainty, 1) + " %") +
         fact("amorphous area", with_error(front.amorphous_area_px.value * factor * factor,
                                           front.amorphous_area_px.uncertainty * factor * factor, 1) +
                                    square) +
         fact("depth of the front, mean", length(front.depth_mean_px)) +
         fact("spread along the film", length(front.depth_sd_px)) + fact("deepest", length(front.depth_max_px)) +
         fact("growth direction", member.growth ? fixed(member.growth->angle_deg, 1) + "° <small>(" +
                                                      (member.growth->given ? "given" : "found") + ")</small>"
                                                : "–") +
         "</dl>\n";
}

/// One value a member, with its uncertainty.
template <class Value>
ChartLine line_of(const Series& series, const std::string& name, Colour colour, const Value& value) {
  ChartLine line{name, colour, {}};
  for (const SeriesMember& member : series.members)
    if (member.front) {
      const Measured measured = value(member);
      line.points.push_back({member.entry.dose_dpa, measured.value, measured.uncertainty});
    }
  return line;
}

std::string trends(const Series& series) {
  const bool calibrated = std::all_of(series.members.begin(), series.members.end(),
                                      [](const SeriesMember& m) { return m.nm_per_pixel.has_value(); });
  const auto scaled = [&](const SeriesMember& member, const Measured& m, int power) {
    const double factor = calibrated ? std::pow(*member.nm_per_pixel, power) : 1.0;
    return Measured{m.value * factor, m.uncertainty * factor};
  };
  const std::string length = calibrated ? "nm" : "px", area = calibrated ? "nm²" : "px²";
  std::string text = "<h2>Against dose</h2>\n<div class=\"row three charts\">\n";
  const Colour blue{0, 114, 178}, orange{213, 94, 0};
  const bool fronts = std::any_of(series.members.begin(), series.members.end(),
                                  [](const SeriesMember& m) { return m.front.has_value(); });
  if (fronts) {
    text += html::figure(
        draw_chart({"Amorphous share of the film",
                    "dose (dpa)",
                    "share of the film's area",
                    {line_of(series, "", blue, [](const SeriesMember& m) { return m.front->amorphous_fraction; })}}),
        "Bars: one standard deviation, from the runs of the community search and from leaving out one of the lattice's "
        "reflections at a time");
    text += html::figure(
        draw_chart({"Depth of the front below the surface",
                    "dose (dpa)",
                    "depth (" + length + ")",
                    {line_of(series, "mean, bars: spread", blue,
                             [&](const SeriesMember& m) {
                               return Measured{scaled(m, m.front->depth_mean_px, 1).value,
                                               scaled(m, m.front->depth_sd_px, 1).value};
                             }),
                     line_of(series, "deepest", orange,
                             [&](const SeriesMember& m) { return scaled(m, m.front->depth_max_px, 1); })}}),
        "Over all places along the film, 0 where nothing is amorphous");
  }
  Chart areas{"Area of each label", "dose (dpa)", "area (" + area + ")", {}};
  for (const SeriesLabel& label : series.labels) {
    if (areas.lines.size() == 8) break;  // more cannot be told apart; the table has them
    ChartLine line{label.name, region_colour(label.label), {}};
    for (const SeriesMember& member : series.members) {
      double pixels = 0;
      for (const SeriesRegion& region : member.regions)
        if (region.label == label.label) pixels = static_cast<double>(region.area_px);
      line.points.push_back(
          {member.entry.dose_dpa, pixels * (calibrated ? *member.nm_per_pixel * *member.nm_per_pixel : 1.0), 0});
    }
    areas.lines.push_back(std::move(line));
  }
  return text + html::figure(draw_chart(areas), "In each image's field of view") + "</div>\n";
}

std::string table(const Series& series) {
  std::string text =
      "<h2>Numbers</h2>\n<div class=\"scroll\"><table><thead><tr><th>image</th><th>dose (dpa)</th><th>amorphous "
      "share</th><th>amorphous area (nm²)</th>"
      "<th>front, mean (nm)</th><th>spread (nm)</th><th>deepest (nm)</th></tr></thead><tbody>\n";
  for (const SeriesMember& member : series.members) {
    text += "<tr><td>" + escaped(member.entry.image.filename().string()) + "</td><td>" +
            shortest(member.entry.dose_dpa) + "</td>";
    const auto cell = [&](const Measured& m, int power, int decimals) {
      if (!member.nm_per_pixel) return std::string("<td>–</td>");
      const double factor = std::pow(*member.nm_per_pixel, power);
      return "<td>" + with_error(m.value * factor, m.uncertainty * factor, decimals) + "</td>";
    };
    if (!member.front)
      text += "<td>–</td><td>–</td><td>–</td><td>–</td><td>–</td>";
    else
      text += "<td>" +
              with_error(100 * member.front->amorphous_fraction.value,
                         100 * member.front->amorphous_fraction.uncertainty, 1) +
              " %</td>" + cell(member.front->amorphous_area_px, 2, 1) + cell(member.front->depth_mean_px, 1, 2) +
              cell(member.front->depth_sd_px, 1, 2) + cell(member.front->depth_max_px, 1, 2);
    text += "</tr>\n";
  }
  text +=
      "</tbody></table></div>\n<h3>Area of each label, share of the image</h3>\n<div "
      "class=\"scroll\"><table><thead><tr><th>image</th><th>dose (dpa)</th>";
  for (const SeriesLabel& label : series.labels)
    text += "<th>" + swatch(label.label) + " " + escaped(label.name) + "</th>";
  text += "</tr></thead><tbody>\n";
  for (const SeriesMember& member : series.members) {
    text += "<tr><td>" + escaped(member.entry.image.filename().string()) + "</td><td>" +
            shortest(member.entry.dose_dpa) + "</td>";
    const double total = static_cast<double>(member.grid.input_size.area());
    for (const SeriesLabel& label : series.labels) {
      const auto found = std::find_if(member.regions.begin(), member.regions.end(),
                                      [&](const SeriesRegion& region) { return region.label == label.label; });
      text += found == member.regions.end() ? "<td>absent</td>"
                                            : "<td>" + fixed(100 * static_cast<double>(found->area_px) / total, 1) +
                                                  " % <small>" + (is_ordered(found->order) ? "ordered" : "disordered") +
                                                  ", " + fixed(found->order, 2) + "</small></td>";
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

}  // namespace

std::string series_section(const SeriesMember& member, const Micrograph& micrograph,
                           const std::vector<SeriesLabel>& labels, std::size_t number) {
  const std::string id = "micrograph" + std::to_string(number);
  Result result;
  result.micrograph = micrograph;
  result.grid = member.grid;
  result.order = member.order;
  std::vector<std::string> names;
  for (const SeriesLabel& label : labels) names.push_back(label.name);
  std::string text = html::define_micrograph(micrograph, id) + html::open_maps(member.grid, member.order) + "<h2>" +
                     dose_text(member.entry.dose_dpa) + " <small>" + escaped(member.entry.image.filename().string()) +
                     "</small></h2>\n<div class=\"row three\">\n" +
                     html::figure(html::micrograph_panel(micrograph, id), "<b>Micrograph</b>") +
                     html::figure(with_front(html::overlay_panel(micrograph, id, as_rule(member), names), member),
                                  member.front && member.front->depth_max_px.value > 0
                                      ? "<b>Labels of the series</b>; white line: the amorphous front"
                                      : "<b>Labels of the series</b>") +
                     html::figure(html::value_panel(result, member.order, 1, "the lattice-order index"),
                                  "<b>Lattice order</b>: 0 amorphous, 1 a perfect crystal" +
                                      html::colour_bar(1, "the lattice-order index")) +
                     "</div>\n" + member_facts(member);
  if (!member.notes.empty()) {
    text += "<ul>";
    for (const std::string& note : member.notes) text += "<li>" + escaped(note) + "</li>";
    text += "</ul>\n";
  }
  return text + "</section>\n";
}

std::string series_html(const Series& series, const std::vector<std::string>& sections, const std::string& command) {
  std::string body = "<header><h1>Dose series of " + std::to_string(series.members.size()) +
                     (series.members.size() == 1 ? " image" : " images") +
                     "</h1>\n<p class=\"lead\">One label and one colour mean the same region in every image.</p>\n<ul "
                     "class=\"legend\">";
  for (const SeriesLabel& label : series.labels)
    body += "<li>" + swatch(label.label) + " " + escaped(label.name) + "</li>";
  body += "</ul></header>\n";
  if (!series.notes.empty()) {
    body += "<section class=\"notes\"><h2>Notes</h2><ul>\n";
    for (const std::string& note : series.notes) body += "<li>" + escaped(note) + "</li>\n";
    body += "</ul></section>\n";
  }
  body += trends(series);
  for (const std::string& section : sections) body += section;
  body += table(series);
  body += "<h2>How this was made</h2>\n<p>" +
          std::string(series.joint ? "One graph over the chips of all images; a label is a community of that graph."
                                   : "Each image has a graph of its own; regions of different images are one where "
                                     "their chips look alike to the encoder and are equally "
                                     "ordered, or where they are the same layer of the film.") +
          " Inside the film the border of the amorphous part stands where the lattice modulates the image by less than "
          "a quarter of what it does in the ordered film; "
          "partly ordered is what lies between a quarter and four fifths.</p>\n<p>The same result again, with run.toml "
          "from beside this page:</p>\n<pre>" +
          escaped(command) +
          "</pre>\n<footer>Made by metamict " METAMICT_VERSION ". Method: Ter-Petrosyan et al. (2023).</footer>\n";
  return html::page("Dose series – metamict", body, {.script = true});
}

}  // namespace metamict
