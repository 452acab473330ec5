// SPDX-License-Identifier: GPL-3.0-or-later
// A sheet to draw on with real fonts. It is cairo's, because its text, lines and fills look the
// same on screen and in print, and its start costs 3 ms; OpenCV's own text is made of strokes.
#pragma once

#include <cairo.h>

#include <memory>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "report/pictures/colours.hpp"
#include "report/pictures/vector_format.hpp"

namespace metamict {

enum class Align { left, centre, right };

struct TextStyle {
  double size = 10;  ///< in the sheet's units
  Colour colour{};
  Align align = Align::left;
  bool bold = false;
};

/// A white sheet of width x height units, each `pixels_per_unit` pixels. Drawing goes through cairo
/// in units; pixels() and png() give the picture. Either throws OutputError where cairo failed.
class Canvas {
 public:
  Canvas(double width, double height, double pixels_per_unit);
  /// A sheet of vectors, a unit one point. vectors() gives the picture.
  Canvas(double width, double height, VectorFormat format);

  cairo_t* context() { return context_.get(); }
  double pixels_per_unit() const { return pixels_per_unit_; }

  void set_colour(Colour colour, double opacity = 1);
  void set_line(double width, const std::vector<double>& dashes = {});
  void line(cv::Point2d from, cv::Point2d to);
  void fill_rectangle(cv::Rect2d rectangle);
  void stroke_rectangle(cv::Rect2d rectangle);

  /// Writes with the baseline's start, middle or end at `at`.
  void text(cv::Point2d at, std::string_view words, const TextStyle& style);
  double text_width(std::string_view words, const TextStyle& style);

  /// The pixels as drawn so far (CV_8UC4, blue-green-red-unused). They are shared with the sheet:
  /// what is written there appears in the picture.
  cv::Mat pixels();
  std::string png();

  bool has_pixels() const { return !bytes_; }
  /// Paints a picture (CV_8UC4) at the sheet's upper left corner, a pixel a unit.
  void paint(const cv::Mat& picture);
  /// Ends the drawing and returns the file's bytes.
  std::string vectors();

 private:
  void check();
  void select_font(const TextStyle& style);

  void begin();

  double pixels_per_unit_;
  std::unique_ptr<std::string> bytes_;  // of a file of vectors
  std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)> surface_;
  std::unique_ptr<cairo_t, void (*)(cairo_t*)> context_;
};

/// For pictures that are drawn in points (1/72 inch) and printed at 300 dots an inch: text of
/// size 8 is 8 point on paper.
constexpr double print_pixels_per_point = 300.0 / 72.0;

}  // namespace metamict
