// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/overlay.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/text.hpp"
#include "report/pictures/canvas.hpp"
#include "report/pictures/micrograph_picture.hpp"
#include "report/pictures/outlines.hpp"

namespace metamict {

namespace {

constexpr int opacity = 108;  // of the regions' colours, of 256
constexpr Colour ink{34, 34, 34}, quiet{95, 95, 95}, white{255, 255, 255}, black{0, 0, 0};

/// What the picture is drawn with: `em` is the text size in pixels, and every other measure follows from it.
struct Sheet {
  const Result& result;
  const RuleResult& rule;
  cv::Size picture;  ///< of the micrograph's part
  double scale;      ///< picture pixels per image pixel
  double em;
  std::span<const std::string> names;  ///< of the regions, by label from 1; may be empty
};

std::string name_of(const Sheet& sheet, const Region& region) {
  const auto index = static_cast<std::size_t>(region.label - 1);
  return index < sheet.names.size() ? sheet.names[index] : "";
}

double share_of(const Sheet& sheet, std::uint64_t area_px) {
  return static_cast<double>(area_px) / static_cast<double>(sheet.rule.map.labels.total());
}

/// Mixes every pixel with its region's colour; unassigned ones are hatched, which no colour can be mistaken for.
void blend(const cv::Mat& grey, const cv::Mat& labels, double em, cv::Mat out) {
  const int period = std::max(6, static_cast<int>(em / 2));
  std::vector<Colour> colours;
  double largest = 0;
  cv::minMaxLoc(labels, nullptr, &largest);
  for (int label = 0; label <= static_cast<int>(largest); ++label) colours.push_back(region_colour(label));
  // Whole numbers: 256 stands for a share of 1.
  const auto mix = [](int below, int above, int share) {
    return static_cast<unsigned char>((below * (256 - share) + above * share + 128) >> 8);
  };
  for (int y = 0; y < grey.rows; ++y) {
    const auto* label = labels.ptr<std::uint16_t>(y);
    const auto* value = grey.ptr(y);
    auto* pixel = out.ptr<cv::Vec4b>(y);
    for (int x = 0; x < grey.cols; ++x) {
      const bool hatched = label[x] == 0 && (x + y) % period < period / 3;
      const int share = label[x] != 0 ? opacity : hatched ? 192 : 38;
      const Colour colour = label[x] != 0 ? colours[label[x]] : white;
      pixel[x] = {mix(value[x], colour.b, share), mix(value[x], colour.g, share), mix(value[x], colour.r, share), 255};
    }
  }
}

void draw_outlines(Canvas& canvas, const Sheet& sheet, const cv::Mat& labels) {
  cairo_t* const context = canvas.context();
  const double to_picture = static_cast<double>(sheet.picture.width) / labels.cols;
  for (const Ring& ring : trace_outlines(labels)) {
    cairo_new_sub_path(context);  // or the first corner would be joined to the last ring
    for (const cv::Point corner : ring.corners) cairo_line_to(context, corner.x * to_picture, corner.y * to_picture);
    cairo_close_path(context);
  }
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  canvas.set_colour(black, 0.45);
  canvas.set_line(sheet.em / 6);
  cairo_stroke_preserve(context);
  canvas.set_colour(white);
  canvas.set_line(sheet.em / 14);
  cairo_stroke(context);
}

void draw_with_halo(Canvas& canvas, cv::Point2d at, const std::string& words, const TextStyle& style) {
  cairo_t* const context = canvas.context();
  const double shift = canvas.text_width(words, style) / 2;
  cairo_move_to(context, at.x - shift, at.y);
  cairo_text_path(context, words.c_str());
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  canvas.set_colour(black, 0.75);
  canvas.set_line(style.size / 5);
  cairo_stroke_preserve(context);
  canvas.set_colour(style.colour);
  cairo_fill(context);
}

struct BarPlate {
  ScaleBar bar;
  cv::Rect2d plate;  ///< on the sheet
};

BarPlate place_scale_bar(Canvas& canvas, const Sheet& sheet) {
  const ScaleBar bar = choose_scale_bar(sheet.result.micrograph.pixels.cols, sheet.result.micrograph.nm_per_pixel);
  const double em = sheet.em, height = 2.5 * em;
  const double width =
      std::max(bar.length_px * sheet.scale, canvas.text_width(bar.words, {1.1 * em, white, Align::centre, true})) +
      1.2 * em;
  return {bar, {0.8 * em, sheet.picture.height - 0.8 * em - height, width, height}};
}

void draw_scale_bar(Canvas& canvas, const Sheet& sheet, const BarPlate& place) {
  const double em = sheet.em, length = place.bar.length_px * sheet.scale,
               middle = place.plate.x + place.plate.width / 2;
  canvas.set_colour(black, 0.6);
  canvas.fill_rectangle(place.plate);
  canvas.set_colour(white);
  canvas.fill_rectangle({middle - length / 2, place.plate.y + 1.75 * em, length, 0.35 * em});
  canvas.text({middle, place.plate.y + 1.3 * em}, place.bar.words, {1.1 * em, white, Align::centre, true});
}

/// In every part of a region that has room for it beside the scale bar; the legend has the colours of the others.
void draw_numbers(Canvas& canvas, const Sheet& sheet, const cv::Rect2d& taken) {
  for (const Anchor& anchor : label_anchors(sheet.rule.map.labels, 0.55 * sheet.em / sheet.scale)) {
    const double size = std::min(1.25 * sheet.em, 1.5 * anchor.depth_px * sheet.scale);
    const cv::Point2d at = anchor.at * sheet.scale;
    if (!(taken & cv::Rect2d(at.x - size, at.y - size, 2 * size, 2 * size)).empty()) continue;
    draw_with_halo(canvas, {at.x, at.y + 0.36 * size}, std::to_string(anchor.label),
                   {size, white, Align::centre, true});
  }
}

void draw_legend_row(Canvas& canvas, const Sheet& sheet, const Region& region, cv::Point2d at) {
  const double em = sheet.em;
  const Colour colour = region_colour(region.label);
  canvas.set_colour(colour);
  canvas.fill_rectangle({at.x, at.y, 1.7 * em, 1.35 * em});
  canvas.text({at.x + 0.85 * em, at.y + 1.04 * em}, std::to_string(region.label),
              {em, ink_on(colour), Align::centre, true});
  canvas.text({at.x + 6.2 * em, at.y + 1.04 * em}, fixed(100 * share_of(sheet, region.area_px), 1) + " %",
              {em, ink, Align::right});
  canvas.text({at.x + 9.7 * em, at.y + 1.04 * em}, fixed(region.order, 2), {em, ink, Align::right});
  canvas.text({at.x + 10.5 * em, at.y + 1.04 * em}, name_of(sheet, region), {em, ink});
}

/// In units of the text size.
double widest_name(const Sheet& sheet) {
  Canvas canvas(1, 1, 1);  // for its font
  double widest = 0;
  for (const Region& region : sheet.rule.regions)
    widest = std::max(widest, canvas.text_width(name_of(sheet, region), {sheet.em}) / sheet.em);
  return widest;
}

void draw_unassigned_row(Canvas& canvas, const Sheet& sheet, cv::Point2d at) {
  const double em = sheet.em;
  cairo_t* const context = canvas.context();
  canvas.set_colour({215, 215, 215});
  canvas.fill_rectangle({at.x, at.y, 1.7 * em, 1.35 * em});
  cairo_save(context);
  cairo_rectangle(context, at.x, at.y, 1.7 * em, 1.35 * em);
  cairo_clip(context);
  canvas.set_colour(white);
  canvas.set_line(em / 6);
  for (double x = 0; x < 3.2 * em; x += em / 2) canvas.line({at.x + x, at.y}, {at.x + x - 1.35 * em, at.y + 1.35 * em});
  cairo_restore(context);
  const double share = share_of(sheet, sheet.rule.map.area_px.front());
  canvas.text({at.x + 6.2 * em, at.y + 1.04 * em}, fixed(100 * share, 1) + " %", {em, ink, Align::right});
  canvas.text({at.x + 6.7 * em, at.y + 1.04 * em}, "unassigned", {0.85 * em, quiet});
}

/// Head line, head of the columns, a row for each of the first regions; what does not fit is counted.
void draw_legend(Canvas& canvas, const Sheet& sheet, double x, std::size_t rows) {
  const double em = sheet.em;
  const RuleResult& rule = sheet.rule;
  double y = 0.3 * em;
  canvas.text({x, y + 1.1 * em}, rule.graph ? rule.name + " cut" : rule.name, {1.25 * em, ink, Align::left, true});
  y += 2.6 * em;
  if (rule.graph)
    canvas.text({x, y}, "score ≥ " + fixed(rule.graph->cut.value, 3), {em, quiet});
  else
    canvas.text({x, y}, sheet.names.empty() ? "derived rule" : "labels of the series", {em, quiet});
  y += 2.0 * em;
  canvas.text({x + 6.2 * em, y}, "area", {em, quiet, Align::right});
  canvas.text({x + 9.7 * em, y}, "order", {em, quiet, Align::right});
  y += 0.5 * em;
  const std::size_t shown = std::min(rows, rule.regions.size());
  for (std::size_t i = 0; i < shown; ++i, y += 1.75 * em) draw_legend_row(canvas, sheet, rule.regions[i], {x, y});
  if (shown < rule.regions.size()) {
    double rest = 0;
    for (std::size_t i = shown; i < rule.regions.size(); ++i) rest += share_of(sheet, rule.regions[i].area_px);
    canvas.text({x, y + 1.04 * em},
                "and " + std::to_string(rule.regions.size() - shown) + " more, " + fixed(100 * rest, 1) + " %",
                {0.9 * em, quiet});
    y += 1.75 * em;
  }
  if (rule.map.area_px.front() > 0) draw_unassigned_row(canvas, sheet, {x, y});
}

}  // namespace

std::string draw_overlay(const Result& result, const RuleResult& rule, std::span<const std::string> names) {
  const cv::Mat& pixels = result.micrograph.pixels;
  const cv::Size picture = picture_size(pixels.size(), 900, 2000);
  const int longer = std::max(picture.width, picture.height);
  const Sheet sheet{
      result, rule, picture, static_cast<double>(picture.width) / pixels.cols, std::clamp(longer / 42.0, 20.0, 46.0),
      names};
  // Of unassigned pixels it says so in words; names stand beside the numbers.
  double legend_width = (rule.map.area_px.front() > 0 ? 13.2 : 11.2) * sheet.em;
  if (!names.empty()) legend_width = std::max(legend_width, (11.5 + widest_name(sheet)) * sheet.em);
  const double row = 1.75 * sheet.em, head = 5.4 * sheet.em, foot = 2 * row;
  // A flat image gets a sheet tall enough for eight regions.
  const double height = std::max<double>(
      picture.height, head + foot + row * static_cast<double>(std::min<std::size_t>(8, rule.regions.size())));

  Canvas canvas(picture.width + legend_width, height, 1);
  cv::Mat labels = rule.map.labels;
  if (picture.width < labels.cols) cv::resize(rule.map.labels, labels, picture, 0, 0, cv::INTER_NEAREST);
  cv::Mat large = labels;
  if (picture.width > labels.cols) cv::resize(labels, large, picture, 0, 0, cv::INTER_NEAREST);
  blend(grey_picture(pixels, picture), large, sheet.em, canvas.pixels()(cv::Rect({0, 0}, picture)));
  cairo_save(canvas.context());
  cairo_rectangle(canvas.context(), 0, 0, picture.width, picture.height);
  cairo_clip(canvas.context());
  draw_outlines(canvas, sheet, labels);
  const BarPlate bar = place_scale_bar(canvas, sheet);
  draw_numbers(canvas, sheet, bar.plate);
  draw_scale_bar(canvas, sheet, bar);
  cairo_restore(canvas.context());
  draw_legend(canvas, sheet, picture.width + 0.9 * sheet.em, static_cast<std::size_t>((height - head - foot) / row));
  return canvas.png();
}

}  // namespace metamict
