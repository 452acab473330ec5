// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/series_html.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "metamict/order.hpp"
#include "report/layer_shapes.hpp"
#include "report/pages/html_parts.hpp"
#include "report/pages/panels.hpp"
#include "report/pages/series_trends.hpp"
#include "report/series_numbers.hpp"

namespace metamict {

namespace {

using html::fact;
using html::figure;
using html::small;

/// Up to two decimals more where the error would be lost: "7.0 ± 0.0" says nothing.
std::string with_error(const Measured& measured, int decimals) {
  const double error = measured.uncertainty;
  for (int more = 0; more < 2 && error > 0 && error < 0.5 * std::pow(10, -decimals); ++more)
    ++decimals;
  return fixed(measured.value, decimals) + (error > 0 ? " ± " + fixed(error, decimals) : "");
}

std::string percent_of(const Measured& share) { return with_error(scaled(share, 100), 1) + " %"; }

std::string file_of(const SeriesMember& member) { return member.entry.image.filename().string(); }

bool shows_front(const SeriesMember& member) {
  return member.front && member.front->depth_max_px.value > 0;
}

/// The amorphous front: white over a dark line, so that it is seen on any ground.
Html front_lines(const SeriesMember& member) {
  if (!shows_front(member)) return {};
  std::string points;
  for (const FrontPoint& point : member.front->curve)
    points += fixed(point.front_px.x + 0.5, 1) + "," + fixed(point.front_px.y + 0.5, 1) + " ";
  return shape("polyline", {{"class", "front under"}, {"points", points}}) +
         shape("polyline", {{"class", "front"}, {"points", points}});
}

Html growth_words(const SeriesMember& member) {
  if (!member.growth) return "–";
  const char* const source = member.growth->given ? "(given)" : "(found)";
  return fixed(member.growth->angle_deg, 1) + "° " + small(source);
}

/// What would have been seen, where nothing was.
std::string limit_words(const SeriesMember& member) {
  const auto limit = amorphous_fraction_limit(member);
  if (!limit || member.front->amorphous_fraction.value > 0) return {};
  return " (< " + fixed(100 * *limit, 0) + " % along the whole film)";
}

/// In pixels where the pixel size is not known.
Html front_facts(const SeriesMember& member) {
  if (!member.front) return {};
  if (is_in_doubt(member))
    return "<dl class=\"facts\">\n"_html +
           fact("amorphous share of the film", "not given: see the warning") +
           fact("growth direction", growth_words(member)) + "</dl>\n"_html;
  const Front& front = *member.front;
  const double factor = member.nm_per_pixel.value_or(1.0);
  const std::string unit = member.nm_per_pixel ? " nm" : " px";
  const auto length = [&](const Measured& m) { return with_error(scaled(m, factor), 2) + unit; };
  const Measured area = scaled(scaled(front.amorphous_area_px, factor), factor);
  return "<dl class=\"facts\">\n"_html +
         fact("amorphous share of the film",
              percent_of(front.amorphous_fraction) + limit_words(member)) +
         fact("amorphous area", with_error(area, 1) + unit + "²") +
         fact("depth of the front, mean", length(front.depth_mean_px)) +
         fact("spread along the film", length(front.depth_sd_px)) +
         fact("deepest", length(front.depth_max_px)) +
         fact("growth direction", growth_words(member)) + "</dl>\n"_html;
}

Html front_row(const SeriesMember& member) {
  std::vector<Html> cells{file_of(member), shortest(member.entry.dose)};
  const auto add = [&](const Measured& pixels, int power, int decimals) {
    if (member.nm_per_pixel)
      cells.emplace_back(
          with_error(scaled(pixels, std::pow(*member.nm_per_pixel, power)), decimals));
    else
      cells.emplace_back("–");
  };
  if (const std::optional<Front>& front = member.front; front && !is_in_doubt(member)) {
    cells.emplace_back(percent_of(front->amorphous_fraction) + limit_words(member));
    add(front->amorphous_area_px, 2, 1);
    for (const Measured& depth : {front->depth_mean_px, front->depth_sd_px, front->depth_max_px})
      add(depth, 1, 2);
  } else {
    cells.resize(cells.size() + 5, member.front ? "in doubt" : "–");
  }
  return html::table_row(cells);
}

Html area_row(const SeriesMember& member, const std::vector<SeriesLabel>& labels) {
  std::vector<Html> cells{file_of(member), shortest(member.entry.dose)};
  const double total = static_cast<double>(member.grid.input_size.area());
  for (const SeriesLabel& label : labels) {
    const auto found =
        std::find_if(member.regions.begin(), member.regions.end(),
                     [&](const SeriesRegion& region) { return region.label == label.label; });
    if (found == member.regions.end()) {
      cells.emplace_back("absent");
      continue;
    }
    const std::string state = is_ordered(found->order) ? "ordered" : "disordered";
    cells.push_back(fixed(100 * static_cast<double>(found->area_px) / total, 1) + " % " +
                    small(state + ", " + fixed(found->order, 2)));
  }
  return html::table_row(cells);
}

/// What the dose does not change, by image, with the mean and the scatter of all.
Html steady_table(const Series& series) {
  struct Column {
    std::string title;
    double factor;
    int decimals;
    std::vector<double> values = {};
  };
  std::vector<Column> columns{{"film (nm)", 1, 2},
                              {"film, spread along it (nm)", 1, 2},
                              {"cap (nm)", 1, 2},
                              {"substrate (% of the image)", 100, 1},
                              {"lattice period (nm)", 1, 4}};
  Html rows;
  bool any = false;
  for (const SeriesMember& member : series.members) {
    std::vector<Html> cells{file_of(member), shortest(member.entry.dose)};
    const std::vector<SteadyNumber> numbers = steady_numbers(member);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!numbers[i].value) {
        cells.emplace_back("–");
        continue;
      }
      any = true;
      columns[i].values.push_back(*numbers[i].value * columns[i].factor);
      cells.emplace_back(fixed(columns[i].values.back(), columns[i].decimals));
    }
    rows += html::table_row(cells);
  }
  if (!any) return {};
  std::vector<Html> head{"image", series.axis.title()}, last{"mean ± standard deviation", ""};
  for (const Column& column : columns) {
    head.emplace_back(column.title);
    if (column.values.size() < 2) {
      last.emplace_back("–");
      continue;
    }
    const auto count = static_cast<double>(column.values.size());
    double mean = 0, squares = 0;
    for (const double one : column.values) mean += one / count;
    for (const double one : column.values) squares += (one - mean) * (one - mean);
    last.emplace_back(fixed(mean, column.decimals) + " ± " +
                      fixed(std::sqrt(squares / (count - 1)), column.decimals));
  }
  return "<h3>What the dose does not change</h3>\n<p>The film is the same in every image. One that "
         "steps out has a wrong border or a wrong pixel size. Cap and substrate are counted as far "
         "as they are in view.</p>\n"_html +
         html::table(head, rows + html::table_row(last));
}

Html tables(const Series& series) {
  Html fronts, areas;
  for (const SeriesMember& member : series.members) {
    fronts += front_row(member);
    areas += area_row(member, series.labels);
  }
  std::vector<Html> area_head{"image", series.axis.title()};
  for (const SeriesLabel& label : series.labels)
    area_head.push_back(html::swatch("label", label.label) + " " + label.name);
  return "<h2>Numbers</h2>\n"_html +
         html::table({"image", series.axis.title(), "amorphous share", "amorphous area (nm²)",
                      "front, mean (nm)", "spread (nm)", "deepest (nm)"},
                     fronts) +
         "<h3>Area of each label, share of the image</h3>\n"_html + html::table(area_head, areas) +
         steady_table(series);
}

Html header(const Series& series) {
  const std::size_t images = series.members.size();
  const std::string title = (series.axis.quantity == "dose" ? "Dose series of " : "Series of ") +
                            std::to_string(images) + (images == 1 ? " image" : " images");
  Html legend;
  for (const SeriesLabel& label : series.labels)
    legend += element("li", html::swatch("label", label.label) + " " + label.name);
  return "<header>"_html + element("h1", title) +
         "\n<p class=\"lead\">One label and one colour mean the same region in every "
         "image.</p>\n"_html +
         element("ul", {{"class", "legend"}}, legend) + "</header>\n"_html;
}

Html how_made(const Series& series, const std::string& command) {
  const char* const labels =
      series.joint ? "One graph over the chips of all images; a label is a community of that graph."
                   : "Each image has a graph of its own; regions of different images are one where "
                     "their chips look alike to the encoder and are equally ordered, or where they "
                     "are the same layer of the film.";
  return "<h2>How this was made</h2>\n<p>"_html + labels +
         " Inside the film the border of the amorphous part stands where the lattice modulates the "
         "image by less than a quarter of what it does in the ordered film; partly ordered is what "
         "lies between a quarter and four fifths.</p>\n"
         "<p>The same result again, with run.toml from beside this page:</p>\n"_html +
         element("pre", command) + "\n"_html;
}

/// How thick the layers of one image are, and how rough their borders.
Html layers_table(const SeriesMember& member, const std::vector<SeriesLabel>& labels) {
  const double unit = member.nm_per_pixel.value_or(1);
  const int digits = member.nm_per_pixel ? 2 : 1;
  const std::string in = member.nm_per_pixel ? " (nm)" : " (px)";
  const auto length = [&](std::optional<double> px) {
    return px ? Html(fixed(*px * unit, digits)) : Html("–");
  };
  Html rows;
  for (const LayerShape& shape : layer_shapes(member)) {
    const Html name = html::swatch("label", shape.label) + " " +
                      labels[static_cast<std::size_t>(shape.label - 1)].name;
    const std::string thickness = fixed(shape.thickness_px * unit, digits) + " ± " +
                                  fixed(shape.thickness_sd_px * unit, digits);
    rows += html::table_row({name, (shape.cut_by_edge ? "at least " : "") + thickness,
                             fixed(100 * shape.lines, 0) + " %", length(shape.upper_roughness_px),
                             length(shape.lower_roughness_px)});
  }
  if (rows.empty()) return {};
  return html::table({"layer", "thickness" + in, "of the lines", "roughness above" + in,
                      "roughness below" + in},
                     rows) +
         small(
             "Thickness and its spread on lines along the growth direction that meet the layer. "
             "Roughness: root mean square deviation of the border from a straight line.") +
         "\n"_html;
}

}  // namespace

Html series_section(const SeriesMember& member, const Micrograph& micrograph,
                    const std::vector<SeriesLabel>& labels, const DoseAxis& axis,
                    std::size_t number) {
  const std::string id = "micrograph" + std::to_string(number);
  const html::PanelImage image{micrograph, member.grid, id};
  const Html title = axis.value(member.entry.dose) + " " + small(file_of(member));
  Html text = html::define_micrograph(image) + html::open_maps(member.grid, member.order) +
              element("h2", title) + "\n<div class=\"row three\">\n"_html;
  text += figure(html::micrograph_panel(image), "<b>Micrograph</b>"_html);
  text += figure(html::region_panel(image, region_map(member, labels), front_lines(member)),
                 "<b>Labels of the series</b>"_html +
                     (shows_front(member) ? "; white line: the amorphous front" : ""));
  text += figure(html::value_panel(image, member.order, 1, "the lattice-order index"),
                 "<b>Lattice order</b>: 0 amorphous, 1 a perfect crystal"_html +
                     html::colour_bar(1, "the lattice-order index"));
  text += "</div>\n"_html;
  if (member.front)
    text +=
        "<div class=\"row three charts\">\n"_html +
        figure(draw_chart(order_profile(member)),
               "<b>Order by depth</b>, means along the film. The lattice is seen pixel by pixel, "
               "as a share of what ordered film shows; regions are good to half a chip. Above 0 "
               "is what lies on the film"_html) +
        "</div>\n"_html;
  text += front_facts(member) + layers_table(member, labels);
  Html notes;
  for (const std::string& warning : member.warnings) notes += element("li", "warning: " + warning);
  for (const std::string& note : member.notes) notes += element("li", note);
  if (!notes.empty()) text += element("ul", notes) + "\n"_html;
  return text + "</section>\n"_html;
}

std::string series_html(const Series& series, const std::vector<Html>& sections,
                        const std::string& command) {
  Html body = header(series) + html::notes(series.notes) + series_trends(series);
  for (const Html& section : sections) body += section;
  body += tables(series) + how_made(series, command) + html::footer();
  return html::page("Dose series – metamict", body, {.script = true});
}

}  // namespace metamict
