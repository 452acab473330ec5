// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/chart.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace metamict {

namespace {

constexpr double width = 360, left = 52, right = 346, top = 26, bottom = 204;
constexpr const char* dashes[] = {"", "6 3", "2 3", "8 3 2 3"};

/// 1, 2 or 5 times a power of ten, so that about five steps make up the range.
double step_of(double range) {
  const double raw = range / 5, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power * 1.0001) return factor * power;
  return 10 * power;
}

struct Axis {
  double top = 1, step = 0.2;
  explicit Axis(double largest) {
    if (!(largest > 0)) largest = 1;
    step = step_of(largest);
    top = std::ceil(largest / step - 1e-9) * step;
  }
};

std::string text(double x, double y, const std::string& words, const std::string& look) {
  return "<text x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\" " + look + ">" + escaped(words) + "</text>";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& look) {
  return "<line x1=\"" + fixed(x1, 1) + "\" y1=\"" + fixed(y1, 1) + "\" x2=\"" + fixed(x2, 1) + "\" y2=\"" +
         fixed(y2, 1) + "\" " + look + "/>";
}

/// A disc, a square, a diamond or a triangle.
std::string marker(std::size_t shape, double x, double y, const std::string& colour) {
  const std::string look = "fill=\"" + colour + "\" stroke=\"#fff\" stroke-width=\"1\"";
  const auto path = [&](const std::vector<std::pair<double, double>>& corners) {
    std::string points;
    for (const auto& [dx, dy] : corners) points += fixed(x + dx, 1) + "," + fixed(y + dy, 1) + " ";
    return "<polygon points=\"" + points + "\" " + look + "/>";
  };
  switch (shape % 4) {
    case 1:
      return path({{-3.6, -3.6}, {3.6, -3.6}, {3.6, 3.6}, {-3.6, 3.6}});
    case 2:
      return path({{0, -5}, {5, 0}, {0, 5}, {-5, 0}});
    case 3:
      return path({{0, -4.8}, {4.6, 3.6}, {-4.6, 3.6}});
    default:
      return "<circle cx=\"" + fixed(x, 1) + "\" cy=\"" + fixed(y, 1) + "\" r=\"4\" " + look + "/>";
  }
}

}  // namespace

std::string draw_chart(const Chart& chart) {
  double x_max = 0, y_max = 0;
  for (const ChartLine& one : chart.lines)
    for (const ChartPoint& point : one.points)
      x_max = std::max(x_max, point.x), y_max = std::max(y_max, point.y + point.error);
  const Axis across(x_max), up(y_max);
  const auto x_at = [&](double x) { return left + (right - left) * x / across.top; };
  const auto y_at = [&](double y) { return bottom - (bottom - top) * std::clamp(y / up.top, 0.0, 1.0); };
  const double rows = std::ceil(static_cast<double>(chart.lines.size()) / 2);
  const double height = bottom + 44 + (chart.lines.size() > 1 ? 17 * rows : 0);
  std::string svg = "<svg class=\"chart\" viewBox=\"0 0 " + fixed(width, 0) + " " + fixed(height, 0) +
                    "\" role=\"img\" aria-label=\"" + escaped(chart.title) + "\">";
  svg += text(left, 14, chart.title, "font-weight=\"bold\" font-size=\"12.5\"");
  for (int i = 0; i * up.step <= up.top * 1.0001; ++i) {
    const double y = y_at(i * up.step);
    if (i > 0) svg += line(left, y, right, y, "class=\"grid\"");
    svg += text(left - 6, y + 4, significant(i * up.step, 4), "text-anchor=\"end\"");
  }
  for (int i = 0; i * across.step <= across.top * 1.0001; ++i) {
    const double x = x_at(i * across.step);
    svg += line(x, bottom, x, bottom + 4, "class=\"axis\"") +
           text(x, bottom + 17, significant(i * across.step, 4), "text-anchor=\"middle\"");
  }
  svg += line(left, top, left, bottom, "class=\"axis\"") + line(left, bottom, right, bottom, "class=\"axis\"");
  svg += text((left + right) / 2, bottom + 33, chart.x_title, "text-anchor=\"middle\"");
  svg += "<text transform=\"translate(13 " + fixed((top + bottom) / 2, 1) + ") rotate(-90)\" text-anchor=\"middle\">" +
         escaped(chart.y_title) + "</text>";
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    const ChartLine& one = chart.lines[i];
    const std::string colour = hex(one.colour);
    std::string points;
    for (const ChartPoint& point : one.points) points += fixed(x_at(point.x), 1) + "," + fixed(y_at(point.y), 1) + " ";
    svg += "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"" + colour +
           "\" stroke-width=\"1.8\" stroke-dasharray=\"" + dashes[i % 4] + "\"/>";
    for (const ChartPoint& point : one.points) {
      const double x = x_at(point.x), low = y_at(point.y - point.error), high = y_at(point.y + point.error);
      const std::string look = "stroke=\"" + colour + "\" stroke-width=\"1.2\"";
      if (point.error > 0)
        svg += line(x, low, x, high, look) + line(x - 4, low, x + 4, low, look) + line(x - 4, high, x + 4, high, look);
    }
    for (const ChartPoint& point : one.points)
      svg += "<g><title>" +
             escaped((one.name.empty() ? "" : one.name + ", ") + significant(point.x, 4) + ": " +
                     significant(point.y, 4) + (point.error > 0 ? " ± " + significant(point.error, 2) : "")) +
             "</title>" + marker(i, x_at(point.x), y_at(point.y), colour) + "</g>";
    if (chart.lines.size() > 1) {
      const std::size_t row = i / 2;
      const double x = left + (i % 2 == 0 ? 0 : 150), y = bottom + 54 + 17 * static_cast<double>(row);
      svg += line(x, y - 4, x + 22, y - 4,
                  "stroke=\"" + colour + "\" stroke-width=\"1.8\" stroke-dasharray=\"" + dashes[i % 4] + "\"") +
             marker(i, x + 11, y - 4, colour) + text(x + 28, y, one.name, "");
    }
  }
  return svg + "</svg>";
}

}  // namespace metamict
