// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/similarity_plot.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/text.hpp"
#include "report/pictures/canvas.hpp"

namespace metamict {

namespace {

constexpr int bins = 100;
constexpr double width = 270, height = 180;  // points, without the legend: one column of a journal is about 245 wide
constexpr double legend_row = 9.5;
const cv::Rect2d frame(38, 26, 222, 120);  // where the axes run
constexpr Colour ink{34, 34, 34}, faint{225, 225, 225}, bar{158, 172, 186};

struct CutLine {
  std::string name;
  double value;
  double share;  ///< of the pairs that reach the cut
  Colour colour;
  std::vector<double> dashes;
  double label_x = 0;
};

std::vector<CutLine> cut_lines(const Result& result) {
  // Colours and dashes both, so that the lines stay apart in grey print.
  static const std::vector<std::pair<Colour, std::vector<double>>> looks{{{0, 114, 178}, {}},
                                                                         {{213, 94, 0}, {5, 2}},
                                                                         {{0, 120, 88}, {1.5, 1.5}},
                                                                         {{160, 60, 130}, {6, 2, 1.5, 2}},
                                                                         {{90, 90, 90}, {3, 3}}};
  std::vector<CutLine> lines;
  const double pairs = std::max<double>(1, static_cast<double>(result.similarity.statistics.pairs));
  for (const RuleResult& rule : result.rules) {
    if (!rule.graph) continue;
    const auto& [colour, dashes] = looks[lines.size() % looks.size()];
    lines.push_back({rule.name, rule.graph->cut.value, static_cast<double>(rule.graph->edges) / pairs, colour, dashes});
  }
  return lines;
}

double x_of(double score) { return frame.x + score * frame.width; }

/// The power of a thousand that keeps tick labels short, and its name.
std::pair<double, const char*> unit_of(double largest) {
  if (largest >= 1e9) return {1e9, " (10⁹)"};
  if (largest >= 1e6) return {1e6, " (10⁶)"};
  if (largest >= 1e4) return {1e3, " (10³)"};
  return {1, ""};
}

/// 1, 2, 2.5 or 5 times a power of ten, so that about `wanted` steps make up the range.
double nice_step(double range, int wanted) {
  const double raw = range / wanted, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 2.5, 5.0})
    if (raw <= factor * power * 1.0001) return factor * power;
  return 10 * power;
}

void draw_axes(Canvas& canvas, double top) {
  const auto [unit, unit_name] = unit_of(top);
  const TextStyle small{7, ink, Align::right};
  canvas.set_line(0.4);
  const double step = nice_step(top, 4);
  for (int i = 0; i * step <= top * 1.0001; ++i) {
    const double y = frame.y + frame.height * (1 - i * step / top);
    canvas.set_colour(faint);
    if (i > 0) canvas.line({frame.x, y}, {frame.x + frame.width, y});
    canvas.text({frame.x - 3.5, y + 2.5}, significant(i * step / unit, 4), small);
    canvas.set_colour(ink);
    canvas.line({frame.x - 2, y}, {frame.x, y});
  }
  canvas.set_line(0.6);
  for (int i = 0; i <= 10; ++i) {
    const double x = x_of(i / 10.0);
    canvas.set_colour(ink);
    canvas.line({x, frame.y + frame.height}, {x, frame.y + frame.height + (i % 2 == 0 ? 2.5 : 1.5)});
    if (i % 2 == 0) canvas.text({x, frame.y + frame.height + 10}, fixed(i / 10.0, 1), {7, ink, Align::centre});
  }
  canvas.text({frame.x + frame.width / 2, frame.y + frame.height + 23}, "similarity score (0 least, 1 most alike)",
              {8, ink, Align::centre});
  cairo_save(canvas.context());
  cairo_translate(canvas.context(), 10, frame.y + frame.height / 2);
  cairo_rotate(canvas.context(), -M_PI / 2);
  canvas.text({0, 0}, std::string("chip pairs per bin") + unit_name, {8, ink, Align::centre});
  cairo_restore(canvas.context());
}

void draw_bars(Canvas& canvas, const std::vector<std::uint64_t>& counts, double top) {
  // One outline around all bars: drawn one by one, their smoothed edges would leave light seams.
  cairo_t* const context = canvas.context();
  cairo_move_to(context, x_of(0), frame.y + frame.height);
  for (int i = 0; i < bins; ++i) {
    const double y = frame.y + frame.height * (1 - static_cast<double>(counts[static_cast<std::size_t>(i)]) / top);
    cairo_line_to(context, x_of(static_cast<double>(i) / bins), y);
    cairo_line_to(context, x_of(static_cast<double>(i + 1) / bins), y);
  }
  cairo_line_to(context, x_of(1), frame.y + frame.height);
  cairo_close_path(context);
  canvas.set_colour(bar);
  cairo_fill(context);
  canvas.set_line(0.6);
  canvas.set_colour(ink);
  canvas.line({frame.x, frame.y}, {frame.x, frame.y + frame.height});
  canvas.line({frame.x, frame.y + frame.height}, {frame.x + frame.width, frame.y + frame.height});
}

/// Names stand above the frame; where cuts lie close, they are pushed apart and a bent leader shows which line is
/// whose.
void place_labels(Canvas& canvas, std::vector<CutLine>& lines) {
  std::vector<CutLine*> sorted;
  for (CutLine& line : lines) sorted.push_back(&line);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const CutLine* a, const CutLine* b) { return a->value < b->value; });
  const auto half = [&](const CutLine* line) { return canvas.text_width(line->name, {7.5}) / 2 + 2.5; };
  double edge = frame.x - 10;
  for (CutLine* line : sorted) {
    line->label_x = std::max(x_of(line->value), edge + half(line));
    edge = line->label_x + half(line);
  }
  edge = width - 2;
  std::reverse(sorted.begin(), sorted.end());
  for (CutLine* line : sorted) {
    line->label_x = std::min(line->label_x, edge - half(line));
    edge = line->label_x - half(line);
  }
}

void draw_cuts(Canvas& canvas, std::vector<CutLine>& lines) {
  place_labels(canvas, lines);
  for (const CutLine& line : lines) {
    const double x = x_of(line.value);
    canvas.set_colour(line.colour);
    canvas.set_line(0.6);
    canvas.line({line.label_x, frame.y - 11}, {x, frame.y - 3});
    canvas.set_line(1.2, line.dashes);
    canvas.line({x, frame.y + frame.height}, {x, frame.y - 3});
    canvas.set_line(0.6);
    canvas.text({line.label_x, frame.y - 13.5}, line.name, {7.5, line.colour, Align::centre, true});
  }
}

/// Below the axis: in the frame there is no corner that bars and cuts always leave free.
void draw_legend(Canvas& canvas, const std::vector<CutLine>& lines) {
  if (lines.empty()) return;
  double name_width = 0;
  for (const CutLine& line : lines) name_width = std::max(name_width, canvas.text_width(line.name, {7}));
  const double x = frame.x, value_x = x + 20 + std::max(name_width, 30.0) + 40, kept_x = value_x + 60;
  double y = height - 4;
  canvas.text({x + 20, y + 5}, "cut", {6.5, {90, 90, 90}});
  canvas.text({value_x, y + 5}, "score", {6.5, {90, 90, 90}, Align::right});
  canvas.text({kept_x, y + 5}, "pairs kept", {6.5, {90, 90, 90}, Align::right});
  for (const CutLine& line : lines) {
    y += legend_row;
    canvas.set_colour(line.colour);
    canvas.set_line(1.2, line.dashes);
    canvas.line({x, y + 2.8}, {x + 15, y + 2.8});
    canvas.set_line(0.6);
    canvas.text({x + 20, y + 5}, line.name, {7, ink});
    canvas.text({value_x, y + 5}, fixed(line.value, 3), {7, ink, Align::right});
    canvas.text({kept_x, y + 5}, fixed(100 * line.share, 1) + " %", {7, ink, Align::right});
  }
}

}  // namespace

std::string draw_similarity(const Result& result) {
  const std::vector<std::uint64_t> counts = histogram(result.similarity.statistics, bins);
  std::vector<CutLine> lines = cut_lines(result);
  const double top = 1.06 * std::max<double>(1, static_cast<double>(*std::max_element(counts.begin(), counts.end())));
  const double legend = lines.empty() ? 0 : legend_row * static_cast<double>(lines.size() + 1);
  Canvas canvas(width, height + legend, print_pixels_per_point);
  draw_axes(canvas, top);
  draw_bars(canvas, counts, top);
  draw_cuts(canvas, lines);
  draw_legend(canvas, lines);
  return canvas.png();
}

}  // namespace metamict
