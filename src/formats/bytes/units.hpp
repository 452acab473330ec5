// SPDX-License-Identifier: GPL-3.0-or-later
// Units of length as microscopes write them, and numbers read the same way in every locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace metamict {

/// `none`: the file names no unit. `reciprocal`: one over a length. `other`: a unit that is none of
/// these (eV, s).
enum class UnitKind { none, length, reciprocal, angle, other };

struct Unit {
  UnitKind kind = UnitKind::none;
  double nm = 0;     ///< nanometres in one unit of length, 0 for the other kinds
  std::string text;  ///< as the file writes it, in UTF-8
};

/// The only place where a unit is read. It knows SI lengths, ångströms and inches, as symbols and
/// as words; a micro sign of any code point or encoding; LaTeX, braces, brackets, XML entities and
/// JSON escapes; "nm/px" for "nm"; and what stands for a diffraction pattern: any power below zero
/// of a length, and angles.
Unit parse_unit(std::string_view text);

Unit metres();
Unit nanometres();

/// A number in C notation or with a decimal comma, blanks around it allowed; nothing when it is not
/// one or not finite.
std::optional<double> parse_number(std::string_view text);

}  // namespace metamict
