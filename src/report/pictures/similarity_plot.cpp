// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/similarity_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/text.hpp"
#include "report/pictures/axis_step.hpp"
#include "report/pictures/canvas.hpp"

namespace metamict {

namespace {

constexpr int bins = 100;
constexpr double width = 270,
                 height =
                     180;  // points, without the legend: one column of a journal is about 245 wide
constexpr double legend_row = 9.5;
const cv::Rect2d frame(38, 26, 222, 120);  // where the axes run
constexpr Colour ink{34, 34, 34}, faint{225, 225, 225}, bar{158, 172, 186};

/// Colours and dashes both differ, so that the lines stay apart in grey print.
struct Look {
  Colour colour;
  std::vector<double> dashes;
};
const std::array<Look, 5> looks{{{{0, 114, 178}, {}},
                                 {{213, 94, 0}, {5, 2}},
                                 {{0, 120, 88}, {1.5, 1.5}},
                                 {{160, 60, 130}, {6, 2, 1.5, 2}},
                                 {{90, 90, 90}, {3, 3}}}};

struct CutLine {
  std::string name;
  double value;
  double share;  ///< of the pairs that reach the cut
  Look look;
};

std::vector<CutLine> cut_lines(const SimilarityStatistics& scores,
                               std::span<const RuleResult> rules) {
  std::vector<CutLine> lines;
  const double pairs = std::max<double>(1, static_cast<double>(scores.pairs));
  for (const RuleResult& rule : rules) {
    if (!rule.graph) continue;
    const double share = static_cast<double>(rule.graph->edges) / pairs;
    lines.push_back({rule.name, rule.graph->cut.value, share, looks[lines.size() % looks.size()]});
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

void draw_count_axis(Canvas& canvas, double top) {
  const auto [unit, unit_name] = unit_of(top);
  const TextStyle small{7, ink, Align::right};
  canvas.set_line(0.4);
  const double step = axis_step(top, 4, {1, 2, 2.5, 5});
  for (int i = 0; i * step <= top * 1.0001; ++i) {
    const double y = frame.y + frame.height * (1 - i * step / top);
    canvas.set_colour(faint);
    if (i > 0) canvas.line({frame.x, y}, {frame.x + frame.width, y});
    canvas.text({frame.x - 3.5, y + 2.5}, significant(i * step / unit, 4), small);
    canvas.set_colour(ink);
    canvas.line({frame.x - 2, y}, {frame.x, y});
  }
  cairo_save(canvas.context());
  cairo_translate(canvas.context(), 10, frame.y + frame.height / 2);
  cairo_rotate(canvas.context(), -M_PI / 2);
  const std::string words = std::string("chip pairs per bin") + unit_name;
  canvas.text({0, 0}, words, {8, ink, Align::centre});
  cairo_restore(canvas.context());
}

void draw_score_axis(Canvas& canvas) {
  const double bottom = frame.y + frame.height;
  canvas.set_line(0.6);
  for (int i = 0; i <= 10; ++i) {
    const double x = x_of(i / 10.0);
    const bool named = i % 2 == 0;
    canvas.set_colour(ink);
    canvas.line({x, bottom}, {x, bottom + (named ? 2.5 : 1.5)});
    if (named) canvas.text({x, bottom + 10}, fixed(i / 10.0, 1), {7, ink, Align::centre});
  }
  canvas.text({frame.x + frame.width / 2, bottom + 23}, "similarity score (0 least, 1 most alike)",
              {8, ink, Align::centre});
}

void draw_bars(Canvas& canvas, const std::vector<std::uint64_t>& counts, double top) {
  // One outline around all bars: drawn one by one, their smoothed edges would leave light seams.
  cairo_t* const context = canvas.context();
  cairo_move_to(context, x_of(0), frame.y + frame.height);
  for (int i = 0; i < bins; ++i) {
    const double y =
        frame.y +
        frame.height * (1 - static_cast<double>(counts[static_cast<std::size_t>(i)]) / top);
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

/// The middle of each name above the frame. Where cuts lie close, their names are pushed to both
/// sides; a bent leader shows which line is whose.
std::vector<double> name_places(Canvas& canvas, const std::vector<CutLine>& lines) {
  std::vector<std::size_t> sorted(lines.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](std::size_t a, std::size_t b) { return lines[a].value < lines[b].value; });
  const auto half = [&](std::size_t i) {
    return canvas.text_width(lines[i].name, {7.5}) / 2 + 2.5;
  };
  std::vector<double> places(lines.size());
  double edge = frame.x - 10;
  for (const std::size_t i : sorted) {
    places[i] = std::max(x_of(lines[i].value), edge + half(i));
    edge = places[i] + half(i);
  }
  edge = width - 2;
  std::reverse(sorted.begin(), sorted.end());
  for (const std::size_t i : sorted) {
    places[i] = std::min(places[i], edge - half(i));
    edge = places[i] - half(i);
  }
  return places;
}

void draw_cuts(Canvas& canvas, const std::vector<CutLine>& lines) {
  const std::vector<double> places = name_places(canvas, lines);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& [colour, dashes] = lines[i].look;
    const double x = x_of(lines[i].value);
    canvas.set_colour(colour);
    canvas.set_line(0.6);
    canvas.line({places[i], frame.y - 11}, {x, frame.y - 3});
    canvas.set_line(1.2, dashes);
    canvas.line({x, frame.y + frame.height}, {x, frame.y - 3});
    canvas.set_line(0.6);
    canvas.text({places[i], frame.y - 13.5}, lines[i].name, {7.5, colour, Align::centre, true});
  }
}

/// The legend stands below the axis, because bars and cuts may reach every corner of the frame.
void draw_legend(Canvas& canvas, const std::vector<CutLine>& lines) {
  if (lines.empty()) return;
  double name_width = 0;
  for (const CutLine& line : lines)
    name_width = std::max(name_width, canvas.text_width(line.name, {7}));
  const double x = frame.x, value_x = x + 20 + std::max(name_width, 30.0) + 40,
               kept_x = value_x + 60;
  double y = height - 4;
  canvas.text({x + 20, y + 5}, "cut", {6.5, {90, 90, 90}});
  canvas.text({value_x, y + 5}, "score", {6.5, {90, 90, 90}, Align::right});
  canvas.text({kept_x, y + 5}, "pairs kept", {6.5, {90, 90, 90}, Align::right});
  for (const CutLine& line : lines) {
    y += legend_row;
    canvas.set_colour(line.look.colour);
    canvas.set_line(1.2, line.look.dashes);
    canvas.line({x, y + 2.8}, {x + 15, y + 2.8});
    canvas.set_line(0.6);
    canvas.text({x + 20, y + 5}, line.name, {7, ink});
    canvas.text({value_x, y + 5}, fixed(line.value, 3), {7, ink, Align::right});
    canvas.text({kept_x, y + 5}, fixed(100 * line.share, 1) + " %", {7, ink, Align::right});
  }
}

}  // namespace

std::string draw_similarity(const SimilarityStatistics& scores, std::span<const RuleResult> rules) {
  const std::vector<std::uint64_t> counts = histogram(scores, bins);
  const std::vector<CutLine> lines = cut_lines(scores, rules);
  const std::uint64_t largest = *std::max_element(counts.begin(), counts.end());
  const double top = 1.06 * std::max<double>(1, static_cast<double>(largest));
  const double legend = lines.empty() ? 0 : legend_row * static_cast<double>(lines.size() + 1);
  Canvas canvas(width, height + legend, print_pixels_per_point);
  draw_count_axis(canvas, top);
  draw_score_axis(canvas);
  draw_bars(canvas, counts, top);
  draw_cuts(canvas, lines);
  draw_legend(canvas, lines);
  return canvas.png();
}

}  // namespace metamict
