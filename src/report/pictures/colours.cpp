// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/colours.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace metamict {

namespace {

// Okabe and Ito (2008) without black, the four most distant first, so that few regions get
// the clearest colours; then Tol's "muted" scheme (2021) without its two colours that
// repeat a blue and a rose above.
constexpr std::array<Colour, 14> palette{{{0, 114, 178},
                                          {230, 159, 0},
                                          {0, 158, 115},
                                          {204, 121, 167},
                                          {86, 180, 233},
                                          {213, 94, 0},
                                          {240, 228, 66},
                                          {51, 34, 136},
                                          {153, 153, 51},
                                          {136, 34, 85},
                                          {17, 119, 51},
                                          {221, 204, 119},
                                          {170, 68, 153},
                                          {68, 170, 153}}};

/// `share` of the way from one colour to the other.
Colour between(Colour from, Colour to, double share) {
  const auto mix = [&](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(std::lround(a + share * (b - a)));
  };
  return {mix(from.r, to.r), mix(from.g, to.g), mix(from.b, to.b)};
}

double luminance(Colour colour) {
  const auto linear = [](std::uint8_t v) { return std::pow(v / 255.0, 2.2); };
  return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b);
}

}  // namespace

Colour region_colour(int label) {
  if (label <= 0) return {150, 150, 150};
  const auto index = static_cast<std::size_t>(label - 1);
  const Colour base = palette[index % palette.size()];
  switch (index / palette.size() % 3) {
    case 1:
      return between(base, {255, 255, 255}, 0.5);
    case 2:
      return between(base, {0, 0, 0}, 0.45);
    default:
      return base;
  }
}

Colour ink_on(Colour background) {
  return luminance(background) > 0.3 ? Colour{0, 0, 0} : Colour{255, 255, 255};
}

Colour cividis(double value) {
  static constexpr std::array<Colour, 17> stops{{{0, 34, 78},
                                                 {0, 46, 106},
                                                 {26, 56, 111},
                                                 {50, 67, 109},
                                                 {67, 78, 108},
                                                 {83, 90, 109},
                                                 {97, 101, 111},
                                                 {111, 112, 115},
                                                 {125, 124, 120},
                                                 {140, 136, 120},
                                                 {155, 148, 118},
                                                 {171, 160, 114},
                                                 {188, 174, 108},
                                                 {205, 187, 99},
                                                 {222, 201, 88},
                                                 {240, 216, 70},
                                                 {254, 232, 56}}};
  const double at = std::clamp(value, 0.0, 1.0) * (stops.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(at), stops.size() - 2);
  return between(stops[below], stops[below + 1], at - static_cast<double>(below));
}

std::string hex(Colour colour) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", colour.r, colour.g, colour.b);
  return text;
}

}  // namespace metamict
