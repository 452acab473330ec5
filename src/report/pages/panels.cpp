// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/panels.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/text.hpp"
#include "image/mask.hpp"
#include "report/pages/html_parts.hpp"
#include "report/pictures/chip_map.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/outlines.hpp"
#include "report/pictures/png.hpp"

namespace metamict::html {

namespace {

constexpr int longest_outline_px = 512;  // outlines are traced on a map of at most this size

Html panel(cv::Size size, const std::string& description, const Attributes& data,
           const Html& content) {
  const std::string box = "0 0 " + std::to_string(size.width) + " " + std::to_string(size.height);
  Attributes attributes{{"class", "panel"}};
  attributes.insert(attributes.end(), data.begin(), data.end());
  attributes.insert(attributes.end(),
                    {{"viewBox", box}, {"role", "img"}, {"aria-label", description}});
  return element("svg", attributes, content);
}

/// A PNG file that fills a panel of this size; `first` are attributes that stand before the others.
Html image_tag(cv::Size size, const Attributes& first, std::string_view png) {
  Attributes attributes = first;
  attributes.insert(attributes.end(), {{"width", std::to_string(size.width)},
                                       {"height", std::to_string(size.height)},
                                       {"preserveAspectRatio", "none"},
                                       {"href", data_address(png)}});
  return shape("image", attributes);
}

Html use_of(const PanelImage& image) {
  return shape("use", {{"href", "#" + std::string(image.id)}});
}

Html rectangle(const cv::Rect2d& box, const Attributes& look) {
  Attributes attributes{{"x", fixed(box.x, 1)},
                        {"y", fixed(box.y, 1)},
                        {"width", fixed(box.width, 1)},
                        {"height", fixed(box.height, 1)}};
  attributes.insert(attributes.end(), look.begin(), look.end());
  return shape("rect", attributes);
}

/// White on a dark plate in the lower left corner.
Html scale_bar(const Micrograph& micrograph) {
  const cv::Size size = micrograph.pixels.size();
  const ScaleBar bar = choose_scale_bar(micrograph);
  const double em = std::max(size.width, size.height) / 26.0;
  const double words = 0.62 * em * static_cast<double>(bar.words.size());
  const double width = std::max(bar.length_px, words) + em;
  const double x = 0.6 * em, y = size.height - 2.8 * em;
  const cv::Rect2d line(x + (width - bar.length_px) / 2, y + 1.55 * em, bar.length_px, 0.3 * em);
  const cv::Rect2d plate(x, y - bar.height_px, width, 2.2 * em + bar.height_px);
  Html bars = rectangle(line, {{"fill", "#fff"}});
  if (bar.height_px > 0)
    bars += rectangle({line.x, line.br().y - bar.height_px, 0.3 * em, bar.height_px},
                      {{"fill", "#fff"}});
  return rectangle(plate, {{"fill", "#000"}, {"fill-opacity", ".6"}}) + bars +
         element("text",
                 {{"x", fixed(x + width / 2, 1)},
                  {"y", fixed(y + 1.15 * em, 1)},
                  {"font-size", fixed(em, 1)},
                  {"fill", "#fff"},
                  {"text-anchor", "middle"},
                  {"font-weight", "bold"}},
                 bar.words);
}

/// Rings as one path, simplified by less than a pixel of the coarse map on which they were traced.
std::string path_data(const std::vector<const Ring*>& rings, double to_image) {
  const int decimals = to_image < 1.5 ? 1 : 0;
  std::string data;
  std::vector<cv::Point> simple;
  for (const Ring* ring : rings) {
    cv::approxPolyDP(ring->corners, simple, 0.8, true);
    if (simple.size() < 3) simple = ring->corners;
    char command = 'M';
    for (const cv::Point corner : simple) {
      data += command + fixed(corner.x * to_image, decimals) + " " +
              fixed(corner.y * to_image, decimals);
      command = 'L';
    }
    data += 'Z';
  }
  return data;
}

std::string region_title(const RegionMap& map, const MapRegion& region) {
  const std::string name =
      region.name.empty() ? "region " + std::to_string(region.label) : region.name;
  return name + ": " + fixed(100 * share_of(map, region.area_px), 1) + " % of the area, order " +
         fixed(region.order, 2);
}

/// A map with fewer pixels, to trace outlines on and to find places for numbers.
struct CoarseMap {
  cv::Mat labels;
  double to_image;  ///< pixels of the image per pixel of this map
};

CoarseMap coarse_map(const cv::Mat& labels) {
  const cv::Size size = picture_size(labels.size(), 1, longest_outline_px);
  CoarseMap coarse{{}, static_cast<double>(labels.cols) / size.width};
  cv::resize(labels, coarse.labels, size, 0, 0, cv::INTER_NEAREST);
  return coarse;
}

/// One path a region, with its tool tip.
Html outlines(const RegionMap& map, const CoarseMap& coarse) {
  const std::vector<Ring> rings = trace_outlines(coarse.labels);
  Html paths;
  for (const MapRegion& region : map.regions) {
    const std::string path = path_data(rings_of(rings, region.label), coarse.to_image);
    paths += element("path", {{"fill", hex(region_colour(region.label))}, {"d", path}},
                     element("title", region_title(map, region)));
  }
  std::string dashes;
  for (const std::vector<cv::Point>& chain :
       borders_between(coarse.labels, rings, map.doubtful_borders)) {
    std::vector<cv::Point> simple;
    cv::approxPolyDP(chain, simple, 0.8, false);
    char command = 'M';
    for (const cv::Point corner : simple) {
      dashes += command + fixed(corner.x * coarse.to_image, 1) + " " +
                fixed(corner.y * coarse.to_image, 1);
      command = 'L';
    }
  }
  if (!dashes.empty()) paths += shape("path", {{"class", "doubt"}, {"d", dashes}});
  return element("g", {{"class", "regions"}}, paths);
}

Html numbers(const CoarseMap& coarse, double em) {
  Html texts;
  for (const Anchor& anchor : label_anchors(coarse.labels, 0.6 * em / coarse.to_image)) {
    const double size = std::min(em, 1.4 * anchor.depth_px * coarse.to_image);
    texts += element("text",
                     {{"x", fixed(anchor.at.x * coarse.to_image, 0)},
                      {"y", fixed(anchor.at.y * coarse.to_image + 0.36 * size, 0)},
                      {"font-size", fixed(size, 1)},
                      {"stroke-width", fixed(size / 6, 1)}},
                     std::to_string(anchor.label));
  }
  return element("g", {{"class", "numbers"}}, texts);
}

/// Of every so many chips along either axis the page keeps the values that a pointer shows. So a
/// page stays small however large the image is.
int step_of(const ChipGrid& grid) {
  constexpr int most_along = 300;
  return (std::max(grid.rows, grid.cols) + most_along - 1) / most_along;
}

/// One byte a chip that is kept, 0 to 250 for 0 to 1, in base64.
std::string in_bytes(std::span<const float> values, const ChipGrid& grid) {
  std::string bytes;
  const int step = step_of(grid);
  for (std::size_t chip = 0; chip < values.size(); ++chip)
    if (grid.row(chip) % step == 0 && grid.col(chip) % step == 0)
      bytes += static_cast<char>(std::lround(250 * std::clamp(values[chip], 0.0F, 1.0F)));
  return base64(bytes);
}

std::string list_of(const std::vector<double>& places, int step) {
  std::string list;
  for (const double place : every(places, static_cast<std::size_t>(step)))
    list += (list.empty() ? "" : ",") + fixed(place, 1);
  return "[" + list + "]";
}

}  // namespace

Html define_micrograph(const PanelImage& image) {
  const cv::Size size = image.micrograph.pixels.size();
  const cv::Mat grey = grey_picture(image.micrograph.pixels, picture_size(size, 1, 900));
  const Html picture = image_tag(size, {{"id", std::string(image.id)}}, encode_picture(grey));
  return element("svg",
                 {{"class", "hidden"}, {"width", "0"}, {"height", "0"}, {"aria-hidden", "true"}},
                 element("defs", picture)) +
         "\n"_html;
}

Html open_maps(const ChipGrid& grid, std::span<const float> order) {
  const ChipCentres centres = chip_centres(grid);
  return open_tag("section", {{"class", "maps"},
                              {"data-across", list_of(centres.x, step_of(grid))},
                              {"data-down", list_of(centres.y, step_of(grid))},
                              {"data-order", in_bytes(order, grid)}}) +
         "\n"_html;
}

Html micrograph_panel(const PanelImage& image) {
  return panel(image.micrograph.pixels.size(), "the micrograph", {},
               use_of(image) + scale_bar(image.micrograph));
}

Html region_panel(const PanelImage& image, const RegionMap& map, const Html& above) {
  const CoarseMap coarse = coarse_map(map.labels);
  const double em = std::max(map.labels.cols, map.labels.rows) / 22.0;
  return panel(image.micrograph.pixels.size(),
               "regions of the rule " + map.rule + " over the micrograph",
               {{"data-rule", map.rule}, {"data-stability", in_bytes(map.stability, image.grid)}},
               use_of(image) + outlines(map, coarse) + numbers(coarse, em) +
                   scale_bar(image.micrograph) + above);
}

Html value_panel(const PanelImage& image, std::span<const float> values, double high,
                 std::string_view name) {
  const cv::Size size = image.micrograph.pixels.size();
  const cv::Point at = image.grid.origin;
  const Html map = image_tag(image.grid.input_size, {}, draw_chip_map(image.grid, values, 0, high));
  const Html placed = at == cv::Point()
                          ? map
                          : element("g",
                                    {{"transform", "translate(" + std::to_string(at.x) + " " +
                                                       std::to_string(at.y) + ")"}},
                                    map);
  return panel(size, "map of " + std::string(name), {}, placed + scale_bar(image.micrograph));
}

Html colour_bar(double high, std::string_view name, double low) {
  Html stops, ticks;
  for (int i = 0; i <= 16; ++i)
    stops += shape("rect", {{"x", fixed(5 + i * 10, 0)},
                            {"y", "2"},
                            {"width", "10.5"},
                            {"height", "10"},
                            {"fill", hex(cividis(i / 16.0))}});
  for (int i = 0; i <= 2; ++i)
    ticks += element("text", {{"x", fixed(10 + i * 80, 0)}, {"y", "24"}, {"text-anchor", "middle"}},
                     shortest(static_cast<float>(low + (high - low) * i / 2)));
  return element("svg",
                 {{"class", "bar"},
                  {"viewBox", "0 0 190 28"},
                  {"role", "img"},
                  {"aria-label", "colours of " + std::string(name)}},
                 stops + ticks);
}

}  // namespace metamict::html
