// SPDX-License-Identifier: GPL-3.0-or-later
// Reads CSV as people and spreadsheets write it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace metamict {

/// Splits a text into rows by RFC 4180: quoted fields may hold commas, doubled quotes and line
/// breaks. Semicolons separate fields where the first row has some and no comma, because
/// spreadsheets write so where the comma is the decimal point. A byte-order mark and empty lines
/// are skipped. A quote that is never closed reaches to the end.
std::vector<std::vector<std::string>> csv_rows(std::string_view text);

/// A table with a header, as people type it: empty lines and lines that begin with # are passed
/// over, cells lose their outer blanks. Tabs separate fields where the header has some and neither
/// comma nor semicolon.
struct CsvTable {
  struct Row {
    std::size_t line = 0;  ///< where it begins in the file, from 1
    std::vector<std::string> cells;
  };
  std::vector<std::string> header;
  std::vector<Row> rows;
  char separator = ',';

  /// The column of this name in any case; nothing where there is none.
  std::optional<std::size_t> column(std::string_view name) const;
  /// A row's cell. It is empty where the row is too short.
  static const std::string& cell(const Row& row, std::size_t column);
  /// A cell's number with a decimal point. A comma is a decimal comma where it does not separate.
  std::string with_point(const std::string& cell) const;
  /// A cell as a number; nothing where it is none, or not finite.
  std::optional<double> number(const std::string& cell) const;
  /// The header as one line, for a sentence.
  std::string header_text() const;
};

CsvTable csv_table(std::string_view text);

/// Lower case of A to Z, for names of columns.
std::string lower_case(std::string_view text);

}  // namespace metamict
