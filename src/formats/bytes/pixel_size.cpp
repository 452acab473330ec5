// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/pixel_size.hpp"

#include <charconv>
#include <cmath>

#include "formats/bytes/encoding.hpp"

namespace metamict {

namespace {

std::string number(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value,
                                     std::chars_format::general, 6)
                           .ptr};
}

std::string quoted(const std::string& text) {
  constexpr std::size_t most = 40;
  std::string shown = text.substr(0, most);
  while (!is_utf8(shown)) shown.pop_back();
  std::erase_if(shown, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return "\"" + shown + (text.size() > most ? "..." : "") + "\"";
}

// No microscope has a pixel under a hundredth of a picometre, nor one of a millimetre.
bool plausible(double nm) { return nm >= 1e-5 && nm < 1e6; }

// Why a length along one axis is not known; empty where the file only leaves it out.
std::string doubt(double scale, const Unit& unit, const std::string& source) {
  if (scale == 0) return {};
  const std::string given = "the file gives " + number(scale);
  if (unit.kind == UnitKind::none)
    return scale == 1 ? std::string() : given + " without a unit of length (" + source + ")";
  if (unit.kind == UnitKind::other)
    return given + " with the unit " + quoted(unit.text) + " (" + source +
           "), which is not understood as a length";
  return given + " " + (is_utf8(unit.text) ? unit.text : "") + " (" + source +
         "), which no microscope has";
}

}  // namespace

StatedSize pixel_size_from(std::array<double, 2> scale, std::array<Unit, 2> unit,
                           const std::string& source) {
  StatedSize size;
  for (const auto& one : unit)
    if (one.kind == UnitKind::reciprocal || one.kind == UnitKind::angle) {
      size.diffraction = one.text;
      return size;
    }
  const std::array<double, 2> nm = {std::abs(scale[0]) * unit[0].nm,
                                    std::abs(scale[1]) * unit[1].nm};
  for (const std::size_t i : {1U, 0U}) {
    if (unit[i].kind == UnitKind::length && plausible(nm[i])) continue;
    if (const std::string why = doubt(scale[i], unit[i], source); !why.empty())
      size.note = "the pixel size is unknown: " + why;
    return size;
  }
  size.nm_per_pixel = nm;
  size.source = source;
  return size;
}

void set_pixel_size(DatasetInfo& info, const StatedSize& size) {
  info.nm_per_pixel = size.nm_per_pixel;
  info.pixel_size_source = size.source;
  if (!size.note.empty() && info.image) info.notes.push_back(size.note);
  if (size.diffraction.empty() || !info.image) return;
  info.image = false;
  info.reason = "diffraction: its pixel size is in a reciprocal unit or an angle (" +
                quoted(size.diffraction) + ")";
}

}  // namespace metamict
