// SPDX-License-Identifier: GPL-3.0-or-later
// Line charts as SVG for HTML pages: sharp at any size and in print, and readable without a script.
// They are written by hand, because the axes of a trend take ten lines, and no plotting library of
// Debian writes SVG without a window system or an interpreter.
#pragma once

#include <string>
#include <vector>

#include "report/pages/html.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/vector_format.hpp"

namespace metamict {

struct ChartPoint {
  double x = 0, y = 0;
  double error = 0;  ///< half the length of the bar through the point
};

/// Lines are told apart by colour, dashes and the shape of their points, so that they
/// stay apart in grey print.
struct ChartLine {
  std::string name;
  Colour colour;
  std::vector<ChartPoint> points;
  bool marked = true;  ///< false where the points are too many to be marked
};

struct Chart {
  std::string title, x_title, y_title;
  std::vector<ChartLine> lines;
  bool x_from_zero = true;  ///< false: the x axis goes from the first point to the last
};

/// An svg element of class "chart". Axes begin at 0, or below where the points do; two lines or
/// more get a legend.
Html draw_chart(const Chart& chart);

/// The same as a file of its own.
std::string svg_file(const Chart& chart);
std::string chart_file(const Chart& chart, VectorFormat format);

}  // namespace metamict
