// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/units.hpp"

#include <charconv>
#include <cmath>
#include <utility>

namespace metamict {

namespace {

struct Length {
  std::string_view name;
  double nm;
};

// Case matters where SI makes it matter (m, M); "A" is the ångström, as no image is measured in ampere per pixel.
constexpr Length lengths[] = {{"nm", 1},           {"n_m", 1},          {"nanometer", 1},
                              {"nanometre", 1},    {"nanometers", 1},   {"nanometres", 1},
                              {"\xC2\xB5m", 1e3},  {"\xCE\xBCm", 1e3},  {"\xB5m", 1e3},
                              {"\\u00B5m", 1e3},   {"\\u00b5m", 1e3},   {"um", 1e3},
                              {"u_m", 1e3},        {"micron", 1e3},     {"microns", 1e3},
                              {"micrometer", 1e3}, {"micrometre", 1e3}, {"A", 0.1},
                              {"\xC3\x85", 0.1},   {"\xC5", 0.1},       {"\xE2\x84\xAB", 0.1},
                              {"\\u00C5", 0.1},    {"Ang", 0.1},        {"ang", 0.1},
                              {"Angstrom", 0.1},   {"angstrom", 0.1},   {"Angstroms", 0.1},
                              {"angstroms", 0.1},  {"pm", 1e-3},        {"p_m", 1e-3},
                              {"fm", 1e-6},        {"mm", 1e6},         {"m_m", 1e6},
                              {"cm", 1e7},         {"m", 1e9},          {"meter", 1e9},
                              {"metre", 1e9}};

std::optional<double> nm_of(std::string_view name) {
  for (const auto& length : lengths)
    if (length.name == name) return length.nm;
  return std::nullopt;
}

std::string without_blanks(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\0' && c != '[' && c != ']' && c != '(' && c != ')') result += c;
  return result;
}

}  // namespace

Unit parse_unit(std::string_view raw) {
  std::string text = without_blanks(raw);
  if (text.empty() || text == "px" || text == "pixel" || text == "pixels" || text == "<undefined>") return {};
  bool reciprocal = false;
  if (text.starts_with("1/")) {
    reciprocal = true;
    text.erase(0, 2);
  } else {
    for (const std::string_view power : {"^-1", "**-1", "-1", "\xE2\x81\xBB\xC2\xB9", "_-1"})
      if (text.size() > power.size() && text.ends_with(power)) {
        reciprocal = true;
        text.erase(text.size() - power.size());
        break;
      }
    if (text.ends_with('^') || text.ends_with('_')) text.pop_back();
  }
  if (const auto nm = nm_of(text)) return {reciprocal ? UnitKind::reciprocal : UnitKind::length, *nm};
  if (text == "rad" || text == "mrad" || text == "\xC2\xB5rad")
    return {UnitKind::reciprocal, 0};  // scattering angles: diffraction
  return {UnitKind::other, 0};
}

std::optional<double> parse_number(std::string_view raw) {
  const std::string text = trimmed(raw);
  const char* begin = text.data();
  const char* const end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  double value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

PixelSize pixel_size_from(std::array<double, 2> scale, std::array<Unit, 2> unit, const std::string& source) {
  PixelSize size;
  if (unit[0].kind == UnitKind::reciprocal || unit[1].kind == UnitKind::reciprocal) {
    size.reciprocal = true;
    return size;
  }
  const std::array<double, 2> nm = {std::abs(scale[0]) * unit[0].nm, std::abs(scale[1]) * unit[1].nm};
  for (std::size_t i = 0; i < 2; ++i)
    // A pixel under a femtometre or above a metre is a mistake of the file, not a scale.
    if (unit[i].kind != UnitKind::length || !std::isfinite(nm[i]) || nm[i] < 1e-6 || nm[i] > 1e9) return size;
  size.nm_per_pixel = nm;
  size.source = source;
  return size;
}

void set_pixel_size(DatasetInfo& info, const PixelSize& size) {
  info.nm_per_pixel = size.nm_per_pixel;
  info.pixel_size_source = size.source;
  if (!size.reciprocal || !info.image) return;
  info.image = false;
  info.reason = "diffraction: its pixel size is in a reciprocal unit or an angle";
}

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::string latin1_to_utf8(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      result += c;
    } else {
      result += static_cast<char>(0xC0 | (byte >> 6));
      result += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return result;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t more = byte < 0x80                   ? 0
                             : byte >= 0xC2 && byte < 0xE0 ? 1
                             : byte >= 0xE0 && byte < 0xF0 ? 2
                             : byte >= 0xF0 && byte < 0xF5 ? 3
                                                           : 4;
    if (more == 4 || i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
    for (std::size_t k = 1; k <= more; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace metamict
