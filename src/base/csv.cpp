// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace metamict {

namespace {

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

/// What separates the fields of the first line that is not empty.
char separator_of(std::string_view text) {
  bool quoted = false, begun = false, semicolon = false, tab = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c == ',') return ',';
    if (!quoted && c == '\n' && begun) break;
    begun = begun || (c != '\r' && c != '\n');
    semicolon = semicolon || (!quoted && c == ';');
    tab = tab || (!quoted && c == '\t');
  }
  return semicolon ? ';' : tab ? '\t' : ',';
}

std::vector<CsvTable::Row> rows_of(std::string_view text, char separator) {
  std::vector<CsvTable::Row> rows;
  std::vector<std::string> row(1);
  bool quoted = false;
  std::size_t line = 1, begun = 1;
  const auto end_row = [&] {
    if (row.size() > 1 || !row.front().empty()) rows.push_back({begun, row});
    row.assign(1, {});
    begun = line;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"')
      row.back() += text[++i];
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && c == separator)
      row.emplace_back();
    else if (!quoted && c == '\n')
      end_row();
    else if (quoted || c != '\r')
      row.back() += c;
  }
  end_row();
  return rows;
}

std::string trimmed(const std::string& text) {
  constexpr const char* blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

/// The text with its comment lines emptied, so that lines keep their numbers.
std::string without_comments(std::string_view text) {
  std::string rest;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    const std::size_t first = line.find_first_not_of(" \t");
    if (first != std::string_view::npos && line[first] == '#')
      rest += line.ends_with('\n') ? "\n" : "";
    else
      rest += line;
    text.remove_prefix(end);
  }
  return rest;
}

}  // namespace

std::vector<std::vector<std::string>> csv_rows(std::string_view text) {
  text = without_mark(text);
  char separator = separator_of(text);
  if (separator == '\t') separator = ',';
  std::vector<std::vector<std::string>> rows;
  for (CsvTable::Row& row : rows_of(text, separator)) rows.push_back(std::move(row.cells));
  return rows;
}

CsvTable csv_table(std::string_view text) {
  const std::string plain = without_comments(without_mark(text));
  CsvTable table;
  table.separator = separator_of(plain);
  std::vector<CsvTable::Row> rows = rows_of(plain, table.separator);
  std::erase_if(rows, [](CsvTable::Row& row) {
    for (std::string& cell : row.cells) cell = trimmed(cell);
    return std::all_of(row.cells.begin(), row.cells.end(),
                       [](const std::string& cell) { return cell.empty(); });
  });
  if (rows.empty()) return table;
  table.header = std::move(rows.front().cells);
  table.rows.assign(std::make_move_iterator(rows.begin() + 1), std::make_move_iterator(rows.end()));
  return table;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  for (std::size_t i = 0; i < header.size(); ++i)
    if (lower_case(header[i]) == lower_case(name)) return i;
  return {};
}

const std::string& CsvTable::cell(const Row& row, std::size_t column) {
  static const std::string none;
  return column < row.cells.size() ? row.cells[column] : none;
}

std::string CsvTable::with_point(const std::string& cell) const {
  std::string text = cell;
  if (separator != ',') std::replace(text.begin(), text.end(), ',', '.');
  return text;
}

std::optional<double> CsvTable::number(const std::string& cell) const {
  const std::string text = with_point(cell);
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return {};
  return value;
}

std::string CsvTable::header_text() const {
  std::string text;
  for (const std::string& cell : header) text += (text.empty() ? "" : ",") + cell;
  return text;
}

}  // namespace metamict
