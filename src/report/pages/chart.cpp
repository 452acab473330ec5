// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/chart.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/text.hpp"
#include "report/pictures/axis_step.hpp"
#include "report/pictures/canvas.hpp"

namespace metamict {

namespace {

constexpr double width = 360, left = 52, right = 346, top = 26, bottom = 204;
constexpr double legend_row = 17;
constexpr const char* dashes[] = {"", "6 3", "2 3", "8 3 2 3"};

const Attributes grid_look{{"class", "grid"}}, axis_look{{"class", "axis"}};
const Attributes centred{{"text-anchor", "middle"}}, to_the_right{{"text-anchor", "end"}};

struct Axis {
  double low = 0, top = 1, step = 0.2;
  /// Ends at round numbers, at 0 too where `from_zero`; else where the values end.
  Axis(double largest, double smallest, bool from_zero = true) {
    if (from_zero) smallest = std::min(smallest, 0.0);
    if (!(largest > smallest)) largest = smallest + 1;
    if (from_zero) largest = std::max(largest, 0.0);
    step = axis_step(largest - smallest, 5, {1, 2, 5});
    low = from_zero ? std::floor(smallest / step + 1e-9) * step : smallest;
    top = from_zero ? std::ceil(largest / step - 1e-9) * step : largest;
  }
  double share(double value) const { return (value - low) / (top - low); }

  std::vector<double> ticks() const {
    std::vector<double> values;
    for (double i = std::ceil(low / step - 1e-4); i * step <= top + 1e-4 * step; ++i)
      values.push_back(i == 0 ? 0 : i * step);
    return values;
  }
};

/// Where values stand on the sheet.
struct Axes {
  Axis across, up;

  double x(double value) const { return left + (right - left) * across.share(value); }
  double y(double value) const {
    return bottom - (bottom - top) * std::clamp(up.share(value), 0.0, 1.0);
  }
};

Axes axes_of(const Chart& chart) {
  constexpr double none = std::numeric_limits<double>::infinity();
  double x_smallest = none, x_largest = -none, y_smallest = 0, y_largest = 0;
  for (const ChartLine& line : chart.lines)
    for (const ChartPoint& point : line.points) {
      x_largest = std::max(x_largest, point.x);
      x_smallest = std::min(x_smallest, point.x);
      y_largest = std::max(y_largest, point.y + point.error);
      if (point.y < 0) y_smallest = std::min(y_smallest, point.y - point.error);
    }
  if (x_smallest > x_largest) x_smallest = x_largest = 0;
  return {Axis(x_largest, x_smallest, chart.x_from_zero), Axis(y_largest, y_smallest)};
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

constexpr double disc_radius = 4;

/// The corners of a square, a diamond or a triangle about a point; none for a disc.
std::vector<cv::Point2d> marker_corners(std::size_t kind) {
  switch (kind % 4) {
    case 1:
      return {{-3.6, -3.6}, {3.6, -3.6}, {3.6, 3.6}, {-3.6, 3.6}};
    case 2:
      return {{0, -5}, {5, 0}, {0, 5}, {-5, 0}};
    case 3:
      return {{0, -4.8}, {4.6, 3.6}, {-4.6, 3.6}};
    default:
      return {};
  }
}

Html marker(std::size_t kind, double x, double y, const std::string& colour) {
  const Attributes look{{"fill", colour}, {"stroke", "#fff"}, {"stroke-width", "1"}};
  const std::vector<cv::Point2d> corners = marker_corners(kind);
  if (corners.empty())
    return shape(
        "circle",
        joined({{"cx", fixed(x, 1)}, {"cy", fixed(y, 1)}, {"r", fixed(disc_radius, 0)}}, look));
  std::string points;
  for (const cv::Point2d& corner : corners)
    points += fixed(x + corner.x, 1) + "," + fixed(y + corner.y, 1) + " ";
  return shape("polygon", joined({{"points", points}}, look));
}

Html draw_axes(const Chart& chart, const Axes& axes) {
  Html svg;
  for (const double value : axes.up.ticks()) {
    const double y = axes.y(value);
    if (value > axes.up.low)
      svg += line_between(left, y, right, y, value == 0 ? axis_look : grid_look);
    svg += words_at(left - 6, y + 4, significant(value, 4), to_the_right);
  }
  for (const double value : axes.across.ticks()) {
    const double x = axes.x(value);
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
    if (line.marked)
      markers +=
          element("g", element("title", title_of(line, point)) + marker(number, x, y, colour));
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
         (line.marked ? marker(number, x + 11, y - 4, colour) : Html()) +
         words_at(x + 28, y, line.name, {});
}

double height_of(const Chart& chart) {
  const double rows =
      chart.lines.size() > 1 ? std::ceil(static_cast<double>(chart.lines.size()) / 2) : 0;
  return bottom + 44 + legend_row * rows;
}

/// The same chart on a sheet of vectors.
class ChartOnCanvas {
 public:
  ChartOnCanvas(const Chart& chart, VectorFormat format)
      : chart_(chart), axes_(axes_of(chart)), canvas_(width, height_of(chart), format) {}

  std::string draw() {
    canvas_.text({left, 14}, chart_.title, {12.5, ink, Align::left, true});
    draw_axes();
    for (std::size_t i = 0; i < chart_.lines.size(); ++i) draw_line(chart_.lines[i], i);
    if (chart_.lines.size() > 1)
      for (std::size_t i = 0; i < chart_.lines.size(); ++i) draw_legend_entry(chart_.lines[i], i);
    return canvas_.vectors();
  }

 private:
  static constexpr Colour ink{0x22, 0x22, 0x22}, pale{0xe3, 0xe6, 0xea};
  static constexpr double text_size = 11;

  void words(double x, double y, const std::string& text, Align align) {
    canvas_.text({x, y}, text, {text_size, ink, align});
  }

  void stroke(Colour colour, double line_width, cv::Point2d from, cv::Point2d to) {
    canvas_.set_colour(colour);
    canvas_.set_line(line_width);
    canvas_.line(from, to);
  }

  void draw_axes() {
    for (const double value : axes_.up.ticks()) {
      const double y = axes_.y(value);
      if (value > axes_.up.low) stroke(value == 0 ? ink : pale, 1, {left, y}, {right, y});
      words(left - 6, y + 4, significant(value, 4), Align::right);
    }
    for (const double value : axes_.across.ticks()) {
      const double x = axes_.x(value);
      stroke(ink, 1, {x, bottom}, {x, bottom + 4});
      words(x, bottom + 17, significant(value, 4), Align::centre);
    }
    stroke(ink, 1, {left, top}, {left, bottom});
    stroke(ink, 1, {left, bottom}, {right, bottom});
    words((left + right) / 2, bottom + 33, chart_.x_title, Align::centre);
    cairo_save(canvas_.context());
    cairo_translate(canvas_.context(), 13, (top + bottom) / 2);
    cairo_rotate(canvas_.context(), -std::numbers::pi / 2);
    words(0, 0, chart_.y_title, Align::centre);
    cairo_restore(canvas_.context());
  }

  void set_line_look(Colour colour, std::size_t number) {
    static const std::vector<double> dash_lengths[] = {{}, {6, 3}, {2, 3}, {8, 3, 2, 3}};
    canvas_.set_colour(colour);
    canvas_.set_line(1.8, dash_lengths[number % 4]);
  }

  void draw_marker(std::size_t kind, cv::Point2d at, Colour colour) {
    cairo_t* const context = canvas_.context();
    const std::vector<cv::Point2d> corners = marker_corners(kind);
    cairo_new_path(context);
    if (corners.empty()) cairo_arc(context, at.x, at.y, disc_radius, 0, 2 * std::numbers::pi);
    for (const cv::Point2d& corner : corners)
      cairo_line_to(context, at.x + corner.x, at.y + corner.y);
    cairo_close_path(context);
    canvas_.set_colour(colour);
    cairo_fill_preserve(context);
    canvas_.set_colour({255, 255, 255});
    canvas_.set_line(1);
    cairo_stroke(context);
  }

  void draw_line(const ChartLine& line, std::size_t number) {
    set_line_look(line.colour, number);
    cairo_new_path(canvas_.context());  // text leaves a point behind
    for (const ChartPoint& point : line.points)
      cairo_line_to(canvas_.context(), axes_.x(point.x), axes_.y(point.y));
    cairo_stroke(canvas_.context());
    for (const ChartPoint& point : line.points) {
      if (!(point.error > 0)) continue;
      const double x = axes_.x(point.x), low = axes_.y(point.y - point.error),
                   high = axes_.y(point.y + point.error);
      stroke(line.colour, 1.2, {x, low}, {x, high});
      for (const double y : {low, high}) stroke(line.colour, 1.2, {x - 4, y}, {x + 4, y});
    }
    if (!line.marked) return;
    for (const ChartPoint& point : line.points)
      draw_marker(number, {axes_.x(point.x), axes_.y(point.y)}, line.colour);
  }

  void draw_legend_entry(const ChartLine& line, std::size_t number) {
    const double x = left + (number % 2 == 0 ? 0 : 150),
                 y = bottom + 54 + legend_row * static_cast<double>(number / 2);
    set_line_look(line.colour, number);
    canvas_.line({x, y - 4}, {x + 22, y - 4});
    if (line.marked) draw_marker(number, {x + 11, y - 4}, line.colour);
    words(x + 28, y, line.name, Align::left);
  }

  const Chart& chart_;
  const Axes axes_;
  Canvas canvas_;
};

}  // namespace

std::string chart_file(const Chart& chart, VectorFormat format) {
  return format == VectorFormat::svg ? svg_file(chart) : ChartOnCanvas(chart, format).draw();
}

Html draw_chart(const Chart& chart) {
  const Axes axes = axes_of(chart);
  const bool has_legend = chart.lines.size() > 1;
  const double height = height_of(chart);
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
