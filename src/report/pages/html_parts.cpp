// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pages/html_parts.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "report/pages/html_script.hpp"
#include "report/pages/html_style.hpp"
#include "report/pictures/chip_map.hpp"
#include "report/pictures/colours.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/outlines.hpp"
#include "report/pictures/png.hpp"

namespace metamict::html {

namespace {

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escaped(value) + "\"";
}

std::string data_address(std::string_view png) { return "data:image/png;base64," + base64(png); }

std::string size_attributes(cv::Size size) {
  return " width=\"" + std::to_string(size.width) + "\" height=\"" + std::to_string(size.height) + "\"";
}

std::string open_panel(cv::Size size, std::string_view description, const std::string& more = {}) {
  return "<svg class=\"panel\"" + more + " viewBox=\"0 0 " + std::to_string(size.width) + " " +
         std::to_string(size.height) + "\" role=\"img\"" + attribute("aria-label", description) + ">";
}

/// White on a dark plate in the lower left corner, in the image's own pixels.
std::string scale_bar(const Micrograph& micrograph) {
  const cv::Size size = micrograph.pixels.size();
  const ScaleBar bar = choose_scale_bar(size.width, micrograph.nm_per_pixel);
  const double em = std::max(size.width, size.height) / 26.0;
  const double width = std::max(bar.length_px, 0.62 * em * static_cast<double>(bar.words.size())) + em;
  const auto rectangle = [](double x, double y, double w, double h, const char* look) {
    return "<rect x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\" width=\"" + fixed(w, 1) + "\" height=\"" +
           fixed(h, 1) + "\" " + look + "/>";
  };
  const double x = 0.6 * em, y = size.height - 2.8 * em;
  return rectangle(x, y, width, 2.2 * em, "fill=\"#000\" fill-opacity=\".6\"") +
         rectangle(x + (width - bar.length_px) / 2, y + 1.55 * em, bar.length_px, 0.3 * em, "fill=\"#fff\"") +
         "<text x=\"" + fixed(x + width / 2, 1) + "\" y=\"" + fixed(y + 1.15 * em, 1) + "\" font-size=\"" +
         fixed(em, 1) + "\" fill=\"#fff\" text-anchor=\"middle\" font-weight=\"bold\">" + escaped(bar.words) +
         "</text>";
}

/// Rings as one path, simplified by less than a pixel of the coarse map they were traced on.
std::string path_data(const std::vector<const Ring*>& rings, double to_image) {
  std::string data;
  std::vector<cv::Point> simple;
  for (const Ring* ring : rings) {
    cv::approxPolyDP(ring->corners, simple, 0.8, true);
    if (simple.size() < 3) simple = ring->corners;
    char command = 'M';
    for (const cv::Point corner : simple) {
      data += command + fixed(corner.x * to_image, to_image < 1.5 ? 1 : 0) + " " +
              fixed(corner.y * to_image, to_image < 1.5 ? 1 : 0);
      command = 'L';
    }
    data += 'Z';
  }
  return data;
}

std::string region_title(const RuleResult& rule, const Region& region, std::span<const std::string> names) {
  const double share = static_cast<double>(region.area_px) / static_cast<double>(rule.map.labels.total());
  const auto index = static_cast<std::size_t>(region.label - 1);
  const std::string number = std::to_string(region.label);
  const std::string name = index < names.size() ? names[index] : "region " + number;
  return escaped(name) + ": " + fixed(100 * share, 1) + " % of the area, order " + fixed(region.order, 2);
}

/// One byte a chip: 0 to 250 for 0 to 1.
std::string in_bytes(std::span<const float> values) {
  std::string bytes;
  for (const float value : values) bytes += static_cast<char>(std::lround(250 * std::clamp(value, 0.0F, 1.0F)));
  return base64(bytes);
}

/// Of what may stand in the page's head.
std::string source_of(std::string_view text) {
  Sha256 hash;
  hash.update({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
  return "'sha256-" + base64_of_hex(hash.hex()) + "'";
}

}  // namespace

std::string page(std::string_view title, std::string_view body, const PageOptions& options) {
  const std::string policy = "default-src 'none'; img-src data:; style-src " + source_of(style) +
                             (options.script ? "; script-src " + source_of(script) : "") +
                             "; base-uri 'none'; form-action 'none'";
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta "
         "http-equiv=\"Content-Security-Policy\" content=\"" +
         policy + "\">\n" +
         (options.refresh_s > 0
              ? "<meta http-equiv=\"refresh\" content=\"" + std::to_string(options.refresh_s) + "\">\n"
              : "") +
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + escaped(title) +
         "</title>\n<style>" + std::string(style) + "</style>\n</head>\n<body>\n<main>\n" + std::string(body) +
         "</main>\n" + (options.script ? "<script>" + std::string(script) + "</script>\n" : "") + "</body>\n</html>\n";
}

std::string figure(std::string_view content, std::string_view caption) {
  return "<figure>" + std::string(content) + "<figcaption>" + std::string(caption) + "</figcaption></figure>\n";
}

std::string picture(std::string_view png, std::string_view alternative) {
  return "<img" + attribute("alt", alternative) + " src=\"" + data_address(png) + "\">";
}

std::string define_micrograph(const Micrograph& micrograph, std::string_view id) {
  const cv::Mat grey = grey_picture(micrograph.pixels, picture_size(micrograph.pixels.size(), 1, 900));
  return "<svg class=\"hidden\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><image" + attribute("id", id) +
         size_attributes(micrograph.pixels.size()) + " preserveAspectRatio=\"none\" href=\"" +
         data_address(encode_picture(grey)) + "\"/></defs></svg>\n";
}

std::string micrograph_panel(const Micrograph& micrograph, std::string_view id) {
  return open_panel(micrograph.pixels.size(), "the micrograph") + "<use href=\"#" + std::string(id) + "\"/>" +
         scale_bar(micrograph) + "</svg>";
}

std::string overlay_panel(const Micrograph& micrograph, std::string_view id, const RuleResult& rule,
                          std::span<const std::string> names) {
  return open_panel(micrograph.pixels.size(), "regions of the rule " + rule.name + " over the micrograph",
                    attribute("data-rule", rule.name) +
                        attribute("data-stability", in_bytes(rule.communities.node_stability))) +
         "<use href=\"#" + std::string(id) + "\"/>" + region_paths(rule, 512, names) + scale_bar(micrograph) + "</svg>";
}

std::string open_maps(const ChipGrid& grid, std::span<const float> order) {
  std::string across, down;
  const auto add = [](std::string& list, double centre) { list += (list.empty() ? "" : ",") + fixed(centre, 1); };
  for (int col = 0; col < grid.cols; ++col) {
    const cv::Rect2d chip = grid.chip_in_input(grid.node(0, col));
    add(across, chip.x + chip.width / 2);
  }
  for (int row = 0; row < grid.rows; ++row) {
    const cv::Rect2d chip = grid.chip_in_input(grid.node(row, 0));
    add(down, chip.y + chip.height / 2);
  }
  return "<section class=\"maps\"" + attribute("data-across", "[" + across + "]") +
         attribute("data-down", "[" + down + "]") + attribute("data-order", in_bytes(order)) + ">\n";
}

std::string value_panel(const Result& result, std::span<const float> values, double high, std::string_view name) {
  const cv::Size size = result.micrograph.pixels.size();
  return open_panel(size, "map of " + std::string(name)) + "<image" + size_attributes(size) +
         " preserveAspectRatio=\"none\" href=\"" + data_address(draw_chip_map(result.grid, values, 0, high)) + "\"/>" +
         scale_bar(result.micrograph) + "</svg>";
}

std::string colour_bar(double high, std::string_view name) {
  std::string stops, ticks;
  for (int i = 0; i <= 16; ++i)
    stops += "<rect x=\"" + fixed(5 + i * 10, 0) + "\" y=\"2\" width=\"10.5\" height=\"10\" fill=\"" +
             hex(cividis(i / 16.0)) + "\"/>";
  for (int i = 0; i <= 2; ++i)
    ticks += "<text x=\"" + fixed(10 + i * 80, 0) + "\" y=\"24\" text-anchor=\"middle\">" +
             shortest(static_cast<float>(high * i / 2)) + "</text>";
  return "<svg class=\"bar\" viewBox=\"0 0 190 28\" role=\"img\"" +
         attribute("aria-label", "colours of " + std::string(name)) + ">" + stops + ticks + "</svg>";
}

std::string region_paths(const RuleResult& rule, int longest_px, std::span<const std::string> names) {
  const cv::Size coarse_size = picture_size(rule.map.labels.size(), 1, longest_px);
  cv::Mat coarse;
  cv::resize(rule.map.labels, coarse, coarse_size, 0, 0, cv::INTER_NEAREST);
  const double to_image = static_cast<double>(rule.map.labels.cols) / coarse_size.width;
  const std::vector<Ring> rings = trace_outlines(coarse);
  std::vector<std::vector<const Ring*>> by_label(rule.regions.size() + 1);
  for (const Ring& ring : rings) by_label[static_cast<std::size_t>(ring.label)].push_back(&ring);
  std::string paths = "<g class=\"regions\">";
  for (const Region& region : rule.regions)
    paths += "<path fill=\"" + hex(region_colour(region.label)) + "\" d=\"" +
             path_data(by_label[static_cast<std::size_t>(region.label)], to_image) + "\"><title>" +
             region_title(rule, region, names) + "</title></path>";
  paths += "</g><g class=\"numbers\">";
  const double em = std::max(rule.map.labels.cols, rule.map.labels.rows) / 22.0;
  for (const Anchor& anchor : label_anchors(coarse, 0.6 * em / to_image)) {
    const double size = std::min(em, 1.4 * anchor.depth_px * to_image);
    paths += "<text x=\"" + fixed(anchor.at.x * to_image, 0) + "\" y=\"" +
             fixed(anchor.at.y * to_image + 0.36 * size, 0) + "\" font-size=\"" + fixed(size, 1) +
             "\" stroke-width=\"" + fixed(size / 6, 1) + "\">" + std::to_string(anchor.label) + "</text>";
  }
  return paths + "</g>";
}

}  // namespace metamict::html
