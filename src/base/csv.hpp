// SPDX-License-Identifier: GPL-3.0-or-later
// Reads CSV as people and spreadsheets write it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace metamict {

/// Splits a text into rows by RFC 4180: quoted fields may hold commas, doubled quotes and line
/// breaks. Semicolons separate fields where the first row has some and no comma, because
/// spreadsheets write so where the comma is the decimal point. A byte-order mark and empty lines
/// are skipped. A quote that is never closed reaches to the end.
std::vector<std::vector<std::string>> csv_rows(std::string_view text);

}  // namespace metamict
