// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/chart.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "report/pictures/axis_step.hpp"

namespace metamict {

namespace {

constexpr double width = 360, left = 52, right = 346, top = 26, bottom = 204;
constexpr double legend_row = 17;
constexpr const char* dashes[] = {"", "6 3", "2 3", "8 3 2 3"};

const Attributes grid_look{{"class", "grid"}}, axis_look{{"class", "axis"}};
const Attributes centred{{"text-anchor", "middle"}}, to_the_right{{"text-anchor", "end"}};

struct Axis {
  double low = 0, top = 1, step = 0.2;
  explicit Axis(double largest, double smallest = 0) {
    smallest = std::min(smallest, 0.0);
    if (!(largest > smallest)) largest = smallest + 1;
    largest = std::max(largest, 0.0);
    step = axis_step(largest - smallest, 5, {1, 2, 5});
    low = std::floor(smallest / step + 1e-9) * step;
    top = std::ceil(largest / step - 1e-9) * step;
  }
  double share(double value) const { return (value - low) / (top - low); }
};

/// Where values stand on the sheet.
struct Axes {
  Axis across, up;

  double x(double value) const { return left + (right - left) * across.share(value); }
  double y(double value) const {
    return bottom - (bottom - top) * std::clamp(value / up.top, 0.0, 1.0);
  }
};

Axes axes_of(const Chart& chart) {
  double x_smallest = 0, x_largest = 0, y_largest = 0;
  for (const ChartLine& line : chart.lines)
    for (const ChartPoint& point : line.points) {
      x_largest = std::max(x_largest, point.x);
      x_smallest = std::min(x_smallest, point.x);
      y_largest = std::max(y_largest, point.y + point.error);
    }
  return {Axis(x_largest, x_smallest), Axis(y_largest)};
}

Attributes joined(Attributes first, const Attributes& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

Html words_at(double x, double y, const std::string& words, const Attributes& look) {
  return element("text", joined({{"x", fixed(x, 1)}, {"y", fixed(y, 1)}}, look), words);
}

Html line_between(double x1, double y1, double x2, double y2, const Attributes& look) {
  const Attributes ends{
      {"x1", fixed(x1, 1)}, {"y1", fixed(y1, 1)}, {"x2", fixed(x2, 1)}, {"y2", fixed(y2, 1)}};
  return shape("line", joined(ends, look));
}

/// A disc, a square, a diamond or a triangle.
Html marker(std::size_t kind, double x, double y, const std::string& colour) {
  const Attributes look{{"fill", colour}, {"stroke", "#fff"}, {"stroke-width", "1"}};
  const auto polygon = [&](const std::vector<std::pair<double, double>>& corners) {
    std::string points;
    for (const auto& [dx, dy] : corners) points += fixed(x + dx, 1) + "," + fixed(y + dy, 1) + " ";
    return shape("polygon", joined({{"points", points}}, look));
  };
  switch (kind % 4) {
    case 1:
      return polygon({{-3.6, -3.6}, {3.6, -3.6}, {3.6, 3.6}, {-3.6, 3.6}});
    case 2:
      return polygon({{0, -5}, {5, 0}, {0, 5}, {-5, 0}});
    case 3:
      return polygon({{0, -4.8}, {4.6, 3.6}, {-4.6, 3.6}});
    default:
      return shape("circle", joined({{"cx", fixed(x, 1)}, {"cy", fixed(y, 1)}, {"r", "4"}}, look));
  }
}

Html draw_axes(const Chart& chart, const Axes& axes) {
  Html svg;
  for (int i = 0; i * axes.up.step <= axes.up.top * 1.0001; ++i) {
    const double value = i * axes.up.step, y = axes.y(value);
    if (i > 0) svg += line_between(left, y, right, y, grid_look);
    svg += words_at(left - 6, y + 4, significant(value, 4), to_the_right);
  }
  const Axis& across = axes.across;
  for (int i = 0; across.low + i * across.step <= across.top + 1e-4 * across.step; ++i) {
    const double value = across.low + i * across.step, x = axes.x(value);
    svg += line_between(x, bottom, x, bottom + 4, axis_look);
    svg += words_at(x, bottom + 17, significant(value, 4), centred);
  }
  svg += line_between(left, top, left, bottom, axis_look);
  svg += line_between(left, bottom, right, bottom, axis_look);
  svg += words_at((left + right) / 2, bottom + 33, chart.x_title, centred);
  const std::string turned = "translate(13 " + fixed((top + bottom) / 2, 1) + ") rotate(-90)";
  return svg + element("text", joined({{"transform", turned}}, centred), chart.y_title);
}

Html error_bar(const ChartPoint& point, const Axes& axes, const std::string& colour) {
  if (!(point.error > 0)) return {};
  const Attributes look{{"stroke", colour}, {"stroke-width", "1.2"}};
  const double x = axes.x(point.x);
  const double low = axes.y(point.y - point.error), high = axes.y(point.y + point.error);
  return line_between(x, low, x, high, look) + line_between(x - 4, low, x + 4, low, look) +
         line_between(x - 4, high, x + 4, high, look);
}

/// What the tool tip at a point says.
std::string title_of(const ChartLine& line, const ChartPoint& point) {
  return (line.name.empty() ? "" : line.name + ", ") + significant(point.x, 4) + ": " +
         significant(point.y, 4) + (point.error > 0 ? " ± " + significant(point.error, 2) : "");
}

Attributes stroke_of(const std::string& colour, std::size_t number) {
  return {{"stroke", colour}, {"stroke-width", "1.8"}, {"stroke-dasharray", dashes[number % 4]}};
}

Html draw_line(const ChartLine& line, std::size_t number, const Axes& axes) {
  const std::string colour = hex(line.colour);
  std::string places;
  Html bars, markers;
  for (const ChartPoint& point : line.points) {
    const double x = axes.x(point.x), y = axes.y(point.y);
    places += fixed(x, 1) + "," + fixed(y, 1) + " ";
    bars += error_bar(point, axes, colour);
    markers += element("g", element("title", title_of(line, point)) + marker(number, x, y, colour));
  }
  const Attributes look = joined({{"fill", "none"}}, stroke_of(colour, number));
  return shape("polyline", joined({{"points", places}}, look)) + bars + markers;
}

/// Below the axis, two lines of the chart in a row.
Html draw_legend_entry(const ChartLine& line, std::size_t number) {
  const std::string colour = hex(line.colour);
  const double x = left + (number % 2 == 0 ? 0 : 150);
  const std::size_t row = number / 2;
  const double y = bottom + 54 + legend_row * static_cast<double>(row);
  return line_between(x, y - 4, x + 22, y - 4, stroke_of(colour, number)) +
         marker(number, x + 11, y - 4, colour) + words_at(x + 28, y, line.name, {});
}

}  // namespace

Html draw_chart(const Chart& chart) {
  const Axes axes = axes_of(chart);
  const bool has_legend = chart.lines.size() > 1;
  const double legend_rows = std::ceil(static_cast<double>(chart.lines.size()) / 2);
  const double height = bottom + 44 + (has_legend ? legend_row * legend_rows : 0);
  Html svg = words_at(left, 14, chart.title, {{"font-weight", "bold"}, {"font-size", "12.5"}});
  svg += draw_axes(chart, axes);
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    svg += draw_line(chart.lines[i], i, axes);
    if (has_legend) svg += draw_legend_entry(chart.lines[i], i);
  }
  return element("svg",
                 {{"class", "chart"},
                  {"viewBox", "0 0 " + fixed(width, 0) + " " + fixed(height, 0)},
                  {"role", "img"},
                  {"aria-label", chart.title}},
                 svg);
}

std::string svg_file(const Chart& chart) {
  const std::string svg = draw_chart(chart).bytes();
  const std::string begin = "<svg ";
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" " +
         std::string(
             "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"11\" "
             "fill=\"#222\" ") +
         svg.substr(begin.size(), svg.find('>') + 1 - begin.size()) +
         "<style>.axis{stroke:#222;stroke-width:1;fill:none}.grid{stroke:#e3e6ea;stroke-width:1}"
         "</style>" +
         svg.substr(svg.find('>') + 1) + "\n";
}

}  // namespace metamict
