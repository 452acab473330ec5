// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/csv.hpp"

namespace metamict {

namespace {

char separator_of(std::string_view text) {
  bool quoted = false, begun = false, semicolon = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c == ',') return ',';
    if (!quoted && c == '\n' && begun) break;
    begun = begun || (c != '\r' && c != '\n');
    semicolon = semicolon || (!quoted && c == ';');
  }
  return semicolon ? ';' : ',';
}

}  // namespace

std::vector<std::vector<std::string>> csv_rows(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const char separator = separator_of(text);
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row(1);
  bool quoted = false;
  const auto end_row = [&] {
    if (row.size() > 1 || !row.front().empty()) rows.push_back(row);
    row.assign(1, {});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
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

}  // namespace metamict
