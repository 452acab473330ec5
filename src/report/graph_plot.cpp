// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/graph_plot.hpp"

#include <algorithm>
#include <cmath>

#include "report/canvas.hpp"
#include "report/words.hpp"

namespace metamict {

namespace {

constexpr double side = 270, margin = 9, caption = 34;   // points
constexpr Colour ink{34, 34, 34}, quiet{95, 95, 95};

cv::Point2d place(const cv::Point2f& at) { return {margin + at.x * (side - 2 * margin), margin + at.y * (side - 2 * margin)}; }

int label_of(const RuleResult& rule, std::size_t node) {
  return rule.map.label_of_community[static_cast<std::size_t>(rule.communities.community[node])];
}

/// Edges inside a region in its colour, those between regions grey; one path and one stroke a colour.
void draw_edges(Canvas& canvas, const RuleResult& rule, std::span<const cv::Point2f> layout, std::span<const Edge> edges) {
  std::vector<std::vector<const Edge*>> by_label(rule.regions.size() + 1);
  for (const Edge& edge : edges) {
    const int a = label_of(rule, edge.a), b = label_of(rule, edge.b);
    by_label[a == b ? static_cast<std::size_t>(a) : 0].push_back(&edge);
  }
  canvas.set_line(0.25);
  for (std::size_t label = 0; label < by_label.size(); ++label) {
    canvas.set_colour(label == 0 ? Colour{110, 110, 110} : region_colour(static_cast<int>(label)), 0.4);
    for (const Edge* edge : by_label[label]) {
      const cv::Point2d from = place(layout[edge->a]), to = place(layout[edge->b]);
      cairo_move_to(canvas.context(), from.x, from.y);
      cairo_line_to(canvas.context(), to.x, to.y);
      cairo_stroke(canvas.context());
    }
  }
}

void draw_nodes(Canvas& canvas, const RuleResult& rule, std::span<const cv::Point2f> layout) {
  const double radius = std::clamp(0.3 * side / std::sqrt(static_cast<double>(layout.size())), 0.7, 4.0);
  cairo_t* const context = canvas.context();
  for (std::size_t node = 0; node < layout.size(); ++node) {
    const cv::Point2d at = place(layout[node]);
    cairo_arc(context, at.x, at.y, radius, 0, 2 * M_PI);
    canvas.set_colour(region_colour(label_of(rule, node)), 0.9);
    cairo_fill(context);
  }
}

void draw_caption(Canvas& canvas, const RuleResult& rule, std::size_t drawn_edges) {
  const ChipGraph& graph = *rule.graph;
  double x = margin;
  for (const Region& region : rule.regions) {
    const std::string number = std::to_string(region.label);
    if (x > side - 40) {
      canvas.text({x, side + 8}, "…", {7, quiet});
      break;
    }
    canvas.set_colour(region_colour(region.label));
    cairo_arc(canvas.context(), x + 2.5, side + 5.5, 2.5, 0, 2 * M_PI);
    cairo_fill(canvas.context());
    canvas.text({x + 6.5, side + 8}, number, {7, ink});
    x += 6.5 + canvas.text_width(number, {7}) + 7;
  }
  const std::string modularity = rule.communities.modularity ? fixed(*rule.communities.modularity, 3) : "–";
  canvas.text({margin, side + 18}, with_thousands(graph.nodes()) + " chips, " + with_thousands(graph.edges) + " pairs with score ≥ " +
              fixed(graph.cut.value, 3) + " (" + rule.name + "), modularity " + modularity, {7, ink});
  canvas.text({margin, side + 27}, "drawn: the " + with_thousands(drawn_edges) + " edges of the backbone; colours are the regions of the map", {6.5, quiet});
}

}  // namespace

std::string draw_graph(const RuleResult& rule, std::span<const cv::Point2f> layout, std::span<const Edge> backbone) {
  Canvas canvas(side, side + caption, print_pixels_per_point);
  draw_edges(canvas, rule, layout, backbone);
  draw_nodes(canvas, rule, layout);
  draw_caption(canvas, rule, backbone.size());
  return canvas.png();
}

}  // namespace metamict
