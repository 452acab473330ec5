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

/// What the picture is drawn with. The text size `em` is in pixels, and
/// other measures follow from it.
struct Sheet {
  const Micrograph& micrograph;
  const RegionMap& map;
  cv::Size picture;  ///< of the micrograph's part
  double em;

  /// Pixels of the picture per pixel of the image.
  double scale() const { return static_cast<double>(picture.width) / micrograph.pixels.cols; }
  double row() const { return 1.75 * em; }  ///< of the legend
  double head() const { return 5.4 * em; }  ///< of the legend, above its rows
  bool has_unassigned() const { return map.unassigned_px > 0; }
};

Sheet sheet_for(const Micrograph& micrograph, const RegionMap& map) {
  const cv::Size picture = picture_size(micrograph.pixels.size(), 900, 2000);
  const int longer = std::max(picture.width, picture.height);
  return {micrograph, map, picture, std::clamp(longer / 42.0, 20.0, 46.0)};
}

std::string percent(const Sheet& sheet, std::uint64_t area_px) {
  return fixed(100 * share_of(sheet.map, area_px), 1) + " %";
}

std::vector<Colour> colours_of(const cv::Mat& labels) {
  double largest = 0;
  cv::minMaxLoc(labels, nullptr, &largest);
  std::vector<Colour> colours;
  for (int label = 0; label <= static_cast<int>(largest); ++label)
    colours.push_back(region_colour(label));
  return colours;
}

/// Mixes every pixel of a grey picture with its region's colour. Unassigned pixels are hatched,
/// which no colour can be mistaken for. The result (blue-green-red-unused) is drawn into `sheet`.
void blend(const cv::Mat& grey, const cv::Mat& labels, double em, cv::Mat sheet) {
  const int period = std::max(6, static_cast<int>(em / 2));
  const std::vector<Colour> colours = colours_of(labels);
  // Whole numbers: 256 stands for a share of 1.
  const auto mix = [](int below, int above, int share) {
    return static_cast<unsigned char>((below * (256 - share) + above * share + 128) >> 8);
  };
  for (int y = 0; y < grey.rows; ++y) {
    const auto* label = labels.ptr<std::uint16_t>(y);
    const auto* value = grey.ptr(y);
    auto* pixel = sheet.ptr<cv::Vec4b>(y);
    for (int x = 0; x < grey.cols; ++x) {
      const bool hatched = label[x] == 0 && (x + y) % period < period / 3;
      const int share = label[x] != 0 ? opacity : hatched ? 192 : 38;
      const Colour colour = label[x] != 0 ? colours[label[x]] : white;
      const auto mixed = [&](std::uint8_t part) { return mix(value[x], part, share); };
      pixel[x] = {mixed(colour.b), mixed(colour.g), mixed(colour.r), 255};
    }
  }
}

void draw_outlines(Canvas& canvas, const Sheet& sheet, const cv::Mat& labels) {
  cairo_t* const context = canvas.context();
  const double to_picture = static_cast<double>(sheet.picture.width) / labels.cols;
  const std::vector<Ring> rings = trace_outlines(labels);
  for (const Ring& ring : rings) {
    cairo_new_sub_path(context);  // or the first corner would be joined to the last ring
    for (const cv::Point corner : ring.corners)
      cairo_line_to(context, corner.x * to_picture, corner.y * to_picture);
    cairo_close_path(context);
  }
  cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  canvas.set_colour(black, 0.45);
  canvas.set_line(sheet.em / 6);
  cairo_stroke_preserve(context);
  canvas.set_colour(white);
  canvas.set_line(sheet.em / 14);
  cairo_stroke(context);
  // Dark dashes over the white line: a border in doubt.
  for (const std::vector<cv::Point>& chain :
       borders_between(labels, rings, sheet.map.doubtful_borders)) {
    cairo_new_sub_path(context);
    for (const cv::Point corner : chain)
      cairo_line_to(context, corner.x * to_picture, corner.y * to_picture);
  }
  canvas.set_colour(black);
  canvas.set_line(sheet.em / 9, {sheet.em / 2, sheet.em / 2});
  cairo_stroke(context);
  canvas.set_line(1);
}

void draw_with_halo(Canvas& canvas, cv::Point2d at, const std::string& words,
                    const TextStyle& style) {
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
  const ScaleBar bar = choose_scale_bar(sheet.micrograph);
  const double em = sheet.em, height = 2.5 * em + bar.height_px * sheet.scale();
  const double words = canvas.text_width(bar.words, {1.1 * em, white, Align::centre, true});
  const double width = std::max(bar.length_px * sheet.scale(), words) + 1.2 * em;
  return {bar, {0.8 * em, sheet.picture.height - 0.8 * em - height, width, height}};
}

void draw_scale_bar(Canvas& canvas, const Sheet& sheet, const BarPlate& place) {
  const double em = sheet.em, length = place.bar.length_px * sheet.scale();
  const double middle = place.plate.x + place.plate.width / 2;
  canvas.set_colour(black, 0.6);
  canvas.fill_rectangle(place.plate);
  canvas.set_colour(white);
  const double left = middle - length / 2, bottom = place.plate.y + place.plate.height - 0.4 * em;
  canvas.fill_rectangle({left, bottom - 0.35 * em, length, 0.35 * em});
  if (const double up = place.bar.height_px * sheet.scale(); up > 0)
    canvas.fill_rectangle({left, bottom - up, 0.35 * em, up});
  canvas.text({middle, bottom - 0.8 * em}, place.bar.words, {1.1 * em, white, Align::centre, true});
}

/// One number in every part of a region that has room for it beside the scale bar. The legend has
/// the colours of the other parts.
void draw_numbers(Canvas& canvas, const Sheet& sheet, const cv::Rect2d& taken) {
  const double scale = sheet.scale();
  for (const Anchor& anchor : label_anchors(sheet.map.labels, 0.55 * sheet.em / scale)) {
    const double size = std::min(1.25 * sheet.em, 1.5 * anchor.depth_px * scale);
    const cv::Point2d at = anchor.at * scale;
    const cv::Rect2d box(at.x - size, at.y - size, 2 * size, 2 * size);
    if (!(taken & box).empty()) continue;
    draw_with_halo(canvas, {at.x, at.y + 0.36 * size}, std::to_string(anchor.label),
                   {size, white, Align::centre, true});
  }
}

void draw_legend_row(Canvas& canvas, const Sheet& sheet, const MapRegion& region, cv::Point2d at) {
  const double em = sheet.em, base = at.y + 1.04 * em;
  const Colour colour = region_colour(region.label);
  canvas.set_colour(colour);
  canvas.fill_rectangle({at.x, at.y, 1.7 * em, 1.35 * em});
  canvas.text({at.x + 0.85 * em, base}, std::to_string(region.label),
              {em, ink_on(colour), Align::centre, true});
  canvas.text({at.x + 6.2 * em, base}, percent(sheet, region.area_px), {em, ink, Align::right});
  canvas.text({at.x + 9.7 * em, base}, fixed(region.order, 2), {em, ink, Align::right});
  canvas.text({at.x + 10.5 * em, base}, region.name, {em, ink});
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
  for (double x = 0; x < 3.2 * em; x += em / 2)
    canvas.line({at.x + x, at.y}, {at.x + x - 1.35 * em, at.y + 1.35 * em});
  cairo_restore(context);
  const std::string share = percent(sheet, sheet.map.unassigned_px);
  canvas.text({at.x + 6.2 * em, at.y + 1.04 * em}, share, {em, ink, Align::right});
  canvas.text({at.x + 6.7 * em, at.y + 1.04 * em}, "unassigned", {0.85 * em, quiet});
}

/// Head line, head of the columns, a row for each of the first regions;
/// what does not fit is counted.
void draw_legend(Canvas& canvas, const Sheet& sheet, double x, std::size_t rows) {
  const double em = sheet.em;
  const RegionMap& map = sheet.map;
  double y = 0.3 * em;
  canvas.text({x, y + 1.1 * em}, map.title, {1.25 * em, ink, Align::left, true});
  y += 2.6 * em;
  canvas.text({x, y}, map.basis, {em, quiet});
  y += 2.0 * em;
  canvas.text({x + 6.2 * em, y}, "area", {em, quiet, Align::right});
  canvas.text({x + 9.7 * em, y}, "order", {em, quiet, Align::right});
  y += 0.5 * em;
  const std::size_t shown = std::min(rows, map.regions.size());
  for (std::size_t i = 0; i < shown; ++i, y += sheet.row())
    draw_legend_row(canvas, sheet, map.regions[i], {x, y});
  if (const std::size_t more = map.regions.size() - shown; more > 0) {
    double rest = 0;
    for (std::size_t i = shown; i < map.regions.size(); ++i)
      rest += share_of(map, map.regions[i].area_px);
    const std::string words = "and " + std::to_string(more) + " more, " + fixed(100 * rest, 1);
    canvas.text({x, y + 1.04 * em}, words + " %", {0.9 * em, quiet});
    y += sheet.row();
  }
  if (sheet.has_unassigned()) draw_unassigned_row(canvas, sheet, {x, y});
}

/// In units of the text size; 0 where no region has a name.
double widest_name(const Sheet& sheet) {
  Canvas canvas(1, 1, 1);  // for its font
  double widest = 0;
  for (const MapRegion& region : sheet.map.regions)
    widest = std::max(widest, canvas.text_width(region.name, {sheet.em}) / sheet.em);
  return widest;
}

/// Names stand beside the numbers, and so does the word for unassigned pixels.
double legend_width(const Sheet& sheet) {
  const double width = (sheet.has_unassigned() ? 13.2 : 11.2) * sheet.em;
  const double names = widest_name(sheet);
  return names > 0 ? std::max(width, (12.3 + names) * sheet.em) : width;
}

/// The micrograph under its regions, with their numbers and the scale bar.
void draw_map(Canvas& canvas, const Sheet& sheet) {
  const cv::Size size = sheet.picture;
  // Outlines are traced on the smaller of the map and its picture.
  cv::Mat labels = sheet.map.labels;
  if (size.width < labels.cols) cv::resize(sheet.map.labels, labels, size, 0, 0, cv::INTER_NEAREST);
  cv::Mat large = labels;
  if (size.width > labels.cols) cv::resize(labels, large, size, 0, 0, cv::INTER_NEAREST);
  const cv::Mat grey = grey_picture(sheet.micrograph.pixels, size);
  if (canvas.has_pixels()) {
    blend(grey, large, sheet.em, canvas.pixels()(cv::Rect({0, 0}, size)));
  } else {
    cv::Mat blended(size, CV_8UC4);
    blend(grey, large, sheet.em, blended);
    canvas.paint(blended);
  }
  cairo_save(canvas.context());
  cairo_rectangle(canvas.context(), 0, 0, size.width, size.height);
  cairo_clip(canvas.context());
  draw_outlines(canvas, sheet, labels);
  const BarPlate bar = place_scale_bar(canvas, sheet);
  draw_numbers(canvas, sheet, bar.plate);
  draw_scale_bar(canvas, sheet, bar);
  cairo_restore(canvas.context());
}

}  // namespace

namespace {

/// Draws the sheet on the canvas that `make` gives for its size.
template <class Make>
Canvas drawn(const Sheet& sheet, const Make& make) {
  const RegionMap& map = sheet.map;
  const double row = sheet.row(), head = sheet.head(), foot = 2 * row;
  // A flat image gets a sheet tall enough for eight regions.
  const auto regions = static_cast<double>(std::min<std::size_t>(8, map.regions.size()));
  const double height = std::max<double>(sheet.picture.height, head + foot + row * regions);
  Canvas canvas = make(sheet.picture.width + legend_width(sheet), height);
  draw_map(canvas, sheet);
  draw_legend(canvas, sheet, sheet.picture.width + 0.9 * sheet.em,
              static_cast<std::size_t>((height - head - foot) / row));
  return canvas;
}

}  // namespace

std::string draw_overlay(const Micrograph& micrograph, const RegionMap& map) {
  return drawn(sheet_for(micrograph, map),
               [](double width, double height) { return Canvas(width, height, 1); })
      .png();
}

std::string draw_overlay_as(VectorFormat format, const Micrograph& micrograph,
                            const RegionMap& map) {
  return drawn(sheet_for(micrograph, map),
               [&](double width, double height) { return Canvas(width, height, format); })
      .vectors();
}

}  // namespace metamict
