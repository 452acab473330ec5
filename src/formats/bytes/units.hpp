// SPDX-License-Identifier: GPL-3.0-or-later
// Units of length as microscopes write them, and numbers read the same way in every locale.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "metamict/formats.hpp"

namespace metamict {

enum class UnitKind { none, length, reciprocal, other };

struct Unit {
  UnitKind kind = UnitKind::none;
  double nm = 0;  ///< nanometres in one unit; for reciprocal ones, of the length under the line
};

/// "nm", "µm" (UTF-8 or Latin-1), "micron", "\u00B5m", "A", "Angstrom", "n_m" ... are lengths; "1/nm", "nm^-1"
/// reciprocal; "" none; all else (eV, s, deg) other.
Unit parse_unit(std::string_view text);

/// A number in C notation, blanks around it allowed; nothing when it is not one or not finite.
std::optional<double> parse_number(std::string_view text);

/// What a pixel is, along y and x.
struct PixelSize {
  std::optional<std::array<double, 2>> nm_per_pixel;  ///< y, x
  std::string source = "unknown";
  bool reciprocal = false;
};

/// From one scale and unit along each axis; unknown when a scale is not finite and positive or a unit is no length.
PixelSize pixel_size_from(std::array<double, 2> scale, std::array<Unit, 2> unit, const std::string& source);

/// Puts it into the dataset; a reciprocal one makes it "not an image: diffraction".
void set_pixel_size(DatasetInfo& info, const PixelSize& size);

std::string trimmed(std::string_view text);  ///< without blanks and NULs at its ends
std::string latin1_to_utf8(std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace metamict
