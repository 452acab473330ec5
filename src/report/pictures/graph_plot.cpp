// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/graph_plot.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/text.hpp"
#include "report/pictures/canvas.hpp"

namespace metamict {

namespace {

constexpr double width = 270, margin = 8, caption = 34;  // points
constexpr Colour ink{34, 34, 34}, quiet{95, 95, 95};
constexpr int fraction_bits = 4;  // OpenCV takes places in sixteenths of a pixel

/// The label of each node's chip.
std::vector<int> labels_of_nodes(const RuleResult& rule, std::span<const std::uint32_t> chips) {
  std::vector<int> labels(rule.graph->nodes());
  for (std::size_t node = 0; node < labels.size(); ++node)
    labels[node] = label_of_chip(rule.map, rule.communities, chips.empty() ? node : chips[node]);
  return labels;
}

cv::Scalar faded(Colour colour, double share_of_white) {
  const auto mix = [&](std::uint8_t v) { return v + share_of_white * (255 - v); };
  return {mix(colour.b), mix(colour.g), mix(colour.r), 255};
}

/// The layout on the sheet: `scale` points a unit, the corner `low` at the margin.
struct Placing {
  cv::Point2f low;
  double scale;
  double pixels_per_point = print_pixels_per_point;

  cv::Point operator()(const cv::Point2f& at) const {
    const double factor = pixels_per_point * (1 << fraction_bits);
    return {cvRound(factor * (margin + scale * (at.x - low.x))),
            cvRound(factor * (margin + scale * (at.y - low.y)))};
  }
};

// Nodes and edges go straight into the sheet's pixels, because OpenCV draws thousands of short
// lines many times faster than cairo.

/// Edges inside a region in its colour, those between regions grey. Longest
/// first, so that they lie below.
void draw_edges(cv::Mat& pixels, const std::vector<int>& labels,
                const std::vector<cv::Point>& places, std::span<const Edge> edges) {
  std::vector<const Edge*> sorted;
  for (const Edge& edge : edges) sorted.push_back(&edge);
  const auto length = [&](const Edge* edge) {
    const cv::Point apart = places[edge->a] - places[edge->b];
    return static_cast<std::int64_t>(apart.x) * apart.x +
           static_cast<std::int64_t>(apart.y) * apart.y;
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Edge* a, const Edge* b) { return length(a) > length(b); });
  for (const Edge* edge : sorted) {
    const int a = labels[edge->a], b = labels[edge->b];
    const cv::Scalar colour = a == b ? faded(region_colour(a), 0.45) : faded({110, 110, 110}, 0.5);
    cv::line(pixels, places[edge->a], places[edge->b], colour, 1, cv::LINE_AA, fraction_bits);
  }
}

/// A disc whose rim pixels are covered in part. OpenCV's own discs are diamonds at this size.
void draw_disc(cv::Mat& pixels, cv::Point2f centre, float radius, Colour colour) {
  const float reach = radius + 0.5F;
  const cv::Point first(cvFloor(centre.x - reach), cvFloor(centre.y - reach));
  const cv::Point last(cvCeil(centre.x + reach), cvCeil(centre.y + reach));
  for (int y = std::max(0, first.y); y <= std::min(pixels.rows - 1, last.y); ++y)
    for (int x = std::max(0, first.x); x <= std::min(pixels.cols - 1, last.x); ++x) {
      const float dx = static_cast<float>(x) - centre.x, dy = static_cast<float>(y) - centre.y;
      const float cover = std::clamp(reach - std::sqrt(dx * dx + dy * dy), 0.0F, 1.0F);
      auto& pixel = pixels.at<cv::Vec4b>(y, x);
      const auto mix = [&](unsigned char below, std::uint8_t above) {
        return cv::saturate_cast<unsigned char>(below + cover * (above - below));
      };
      pixel = {mix(pixel[0], colour.b), mix(pixel[1], colour.g), mix(pixel[2], colour.r), 255};
    }
}

void draw_nodes(cv::Mat& pixels, const std::vector<int>& labels,
                const std::vector<cv::Point>& places) {
  const double room = 0.15 * width / std::sqrt(static_cast<double>(places.size()));
  const double points = std::clamp(room, 0.5, 3.5);
  for (std::size_t node = 0; node < places.size(); ++node)
    draw_disc(pixels, cv::Point2f(places[node]) / (1 << fraction_bits),
              static_cast<float>(points * print_pixels_per_point), region_colour(labels[node]));
}

void draw_caption(Canvas& canvas, const RuleResult& rule, std::size_t drawn_edges, double y) {
  const ChipGraph& graph = *rule.graph;
  double x = margin;
  for (const Region& region : rule.regions) {
    const std::string number = std::to_string(region.label);
    if (x > width - 30) {
      canvas.text({x, y + 8}, "…", {7, quiet});
      break;
    }
    canvas.set_colour(region_colour(region.label));
    cairo_arc(canvas.context(), x + 2.5, y + 5.5, 2.5, 0, 2 * M_PI);
    cairo_fill(canvas.context());
    canvas.text({x + 6.5, y + 8}, number, {7, ink});
    x += 6.5 + canvas.text_width(number, {7}) + 7;
  }
  const std::string modularity =
      rule.communities.modularity ? fixed(*rule.communities.modularity, 3) : "–";
  canvas.text({margin, y + 18},
              with_thousands(graph.nodes()) + " chips, " + with_thousands(graph.edges) + " edges",
              {7, ink});
  canvas.text({width - margin, y + 18},
              rule.name + " cut " + fixed(graph.cut.value, 3) + ", modularity " + modularity,
              {7, ink, Align::right});
  canvas.text({margin, y + 27},
              "Drawn: the " + with_thousands(drawn_edges) +
                  " edges of its backbone. Colours: regions of the map.",
              {6.5, quiet});
}

}  // namespace

std::string draw_graph(const RuleResult& rule, std::span<const std::uint32_t> chips,
                       std::span<const cv::Point2f> layout, std::span<const Edge> backbone) {
  const std::vector<int> labels = labels_of_nodes(rule, chips);
  cv::Point2f low(1, 1), high(0, 0);
  for (const cv::Point2f& at : layout) {
    low = {std::min(low.x, at.x), std::min(low.y, at.y)};
    high = {std::max(high.x, at.x), std::max(high.y, at.y)};
  }
  // The longer side of a layout is 1: a flat one gets a flat sheet, a tall
  // one is centred on a square.
  const double side = width - 2 * margin,
               height = std::clamp<double>(high.y - low.y, 0.4, 1.0) * side;
  const Placing place{low - cv::Point2f((1 - (high.x - low.x)) / 2,
                                        static_cast<float>(height / side - (high.y - low.y)) / 2),
                      side};
  std::vector<cv::Point> places;
  for (const cv::Point2f& at : layout) places.push_back(place(at));

  Canvas canvas(width, height + 2 * margin + caption, print_pixels_per_point);
  cv::Mat pixels = canvas.pixels();
  draw_edges(pixels, labels, places, backbone);
  draw_nodes(pixels, labels, places);
  draw_caption(canvas, rule, backbone.size(), height + 2 * margin);
  return canvas.png();
}

}  // namespace metamict
