// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/canvas.hpp"

#include <cairo-pdf.h>
#include <cairo-svg.h>

#include <cmath>

#include "base/text.hpp"
#include "metamict/errors.hpp"
#include "report/pictures/png.hpp"

namespace metamict {

Canvas::Canvas(double width, double height, double pixels_per_unit)
    : pixels_per_unit_(pixels_per_unit),
      surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                          static_cast<int>(std::lround(width * pixels_per_unit)),
                                          static_cast<int>(std::lround(height * pixels_per_unit))),
               cairo_surface_destroy),
      context_(cairo_create(surface_.get()), cairo_destroy) {
  begin();
}

namespace {

cairo_status_t append(void* bytes, const unsigned char* data, unsigned length) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

cairo_surface_t* vector_surface(VectorFormat format, std::string* bytes, double width,
                                double height) {
  if (format == VectorFormat::svg)
    return cairo_svg_surface_create_for_stream(append, bytes, width, height);
  cairo_surface_t* const surface =
      cairo_pdf_surface_create_for_stream(append, bytes, width, height);
  // The same run gives the same bytes, so the file has no time of day.
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
  return surface;
}

}  // namespace

Canvas::Canvas(double width, double height, VectorFormat format)
    : pixels_per_unit_(1),
      bytes_(std::make_unique<std::string>()),
      surface_(vector_surface(format, bytes_.get(), width, height), cairo_surface_destroy),
      context_(cairo_create(surface_.get()), cairo_destroy) {
  begin();
}

void Canvas::begin() {
  const double pixels_per_unit = pixels_per_unit_;
  cairo_set_source_rgb(context(), 1, 1, 1);
  cairo_paint(context());
  cairo_scale(context(), pixels_per_unit, pixels_per_unit);
  // Unhinted, so that text keeps its shape at every size and does not depend on
  // the machine's font settings.
  const std::unique_ptr<cairo_font_options_t, void (*)(cairo_font_options_t*)> options(
      cairo_font_options_create(), cairo_font_options_destroy);
  cairo_font_options_set_antialias(options.get(), CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(context(), options.get());
}

void Canvas::set_colour(Colour colour, double opacity) {
  cairo_set_source_rgba(context(), colour.r / 255.0, colour.g / 255.0, colour.b / 255.0, opacity);
}

void Canvas::set_line(double width, const std::vector<double>& dashes) {
  cairo_set_line_width(context(), width);
  cairo_set_dash(context(), dashes.data(), static_cast<int>(dashes.size()), 0);
}

void Canvas::line(cv::Point2d from, cv::Point2d to) {
  cairo_move_to(context(), from.x, from.y);
  cairo_line_to(context(), to.x, to.y);
  cairo_stroke(context());
}

void Canvas::fill_rectangle(cv::Rect2d rectangle) {
  cairo_rectangle(context(), rectangle.x, rectangle.y, rectangle.width, rectangle.height);
  cairo_fill(context());
}

void Canvas::stroke_rectangle(cv::Rect2d rectangle) {
  cairo_rectangle(context(), rectangle.x, rectangle.y, rectangle.width, rectangle.height);
  cairo_stroke(context());
}

void Canvas::select_font(const TextStyle& style) {
  cairo_select_font_face(context(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                         style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context(), style.size);
}

double Canvas::text_width(std::string_view words, const TextStyle& style) {
  select_font(style);
  cairo_text_extents_t extents{};
  cairo_text_extents(context(), clean_utf8(words).c_str(), &extents);
  return extents.x_advance;
}

void Canvas::text(cv::Point2d at, std::string_view words, const TextStyle& style) {
  const double shift = style.align == Align::left
                           ? 0
                           : text_width(words, style) / (style.align == Align::centre ? 2 : 1);
  select_font(style);
  set_colour(style.colour);
  cairo_move_to(context(), at.x - shift, at.y);
  cairo_show_text(context(), clean_utf8(words).c_str());
}

void Canvas::check() {
  const cairo_status_t status = cairo_status(context());
  if (status != CAIRO_STATUS_SUCCESS)
    throw OutputError(std::string("a picture cannot be drawn: ") + cairo_status_to_string(status));
}

cv::Mat Canvas::pixels() {
  check();
  cairo_surface_flush(surface_.get());
  cv::Mat shared(cairo_image_surface_get_height(surface_.get()),
                 cairo_image_surface_get_width(surface_.get()), CV_8UC4,
                 cairo_image_surface_get_data(surface_.get()),
                 static_cast<std::size_t>(cairo_image_surface_get_stride(surface_.get())));
  cairo_surface_mark_dirty(surface_.get());
  return shared;
}

void Canvas::paint(const cv::Mat& picture) {
  cv::Mat whole = picture.isContinuous() ? picture : picture.clone();
  const std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)> image(
      cairo_image_surface_create_for_data(whole.data, CAIRO_FORMAT_RGB24, whole.cols, whole.rows,
                                          static_cast<int>(whole.step)),
      cairo_surface_destroy);
  cairo_save(context());
  cairo_set_source_surface(context(), image.get(), 0, 0);
  cairo_rectangle(context(), 0, 0, whole.cols, whole.rows);
  cairo_fill(context());
  cairo_restore(context());
  cairo_surface_flush(surface_.get());  // before the picture's memory goes
}

std::string Canvas::vectors() {
  check();
  context_.reset();
  cairo_surface_finish(surface_.get());
  return *bytes_;
}

std::string Canvas::png() { return encode_picture(pixels()); }

}  // namespace metamict
