// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line/values.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/text.hpp"
#include "formats/bytes/units.hpp"
#include "metamict/errors.hpp"

namespace metamict::app {

namespace {

/// The number a text begins with, and what follows it without leading blanks.
std::pair<double, std::string> number_and_unit(const std::string& option, const std::string& text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || !std::isfinite(value))
    throw UsageError(option + " '" + text + "' is not a number");
  const char* unit = end;
  while (*unit == ' ') ++unit;
  return {value, unit};
}

}  // namespace

double parse_number(const std::string& option, const std::string& text) {
  const auto [value, unit] = number_and_unit(option, text);
  if (!unit.empty()) throw UsageError(option + " '" + text + "' is not a number");
  return value;
}

std::int64_t parse_whole(const std::string& option, const std::string& text, std::int64_t low,
                         std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size())
    throw UsageError(option + " '" + text + "' is not a whole number");
  if (value < low || value > high)
    throw UsageError(option + " is " + text + " but must lie between " + std::to_string(low) +
                     " and " + std::to_string(high));
  return value;
}

double parse_length_nm(const std::string& option, const std::string& text) {
  const auto [value, name] = number_and_unit(option, text);
  const Unit unit = name.empty() ? nanometres() : parse_unit(name);
  if (unit.kind != UnitKind::length)
    throw UsageError(option + " '" + text +
                     "' has no known unit: give nm, pm, A or um, for example 0.0213nm");
  if (value <= 0) throw UsageError(option + " is " + text + " but must be above 0");
  return value * unit.nm;
}

MapsLength parse_maps_length(const std::string& option, const std::string& text) {
  const auto [value, name] = number_and_unit(option, text);
  if (name.empty() || name == "px") return {value, false};
  const Unit unit = parse_unit(name);
  if (unit.kind != UnitKind::length)
    throw UsageError(option + " '" + text + "' has no known unit: give px or nm, for example 4px");
  return {value * unit.nm, true};
}

std::uint64_t parse_bytes(const std::string& option, const std::string& text) {
  auto [value, unit] = number_and_unit(option, text);
  if (unit.ends_with("iB"))
    unit.resize(unit.size() - 2);
  else if (unit.ends_with("B"))
    unit.pop_back();
  static const std::map<std::string, int> shifts = {
      {"", 0}, {"K", 10}, {"M", 20}, {"G", 30}, {"T", 40}};
  const auto found = shifts.find(unit);
  const double bytes = found == shifts.end() ? 0 : std::ldexp(value, found->second);
  if (!(bytes >= 1 && bytes <= 0x1p62))
    throw UsageError(option + " '" + text +
                     "' is not an amount of memory: give for example 8G or 512M");
  return static_cast<std::uint64_t>(bytes);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = text.find(separator, start);
    std::string part = text.substr(start, end - start);
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    if (!part.empty()) parts.push_back(std::move(part));
    if (end == std::string::npos) return parts;
    start = end + 1;
  }
}

std::size_t parse_choice(const std::string& option, const std::string& text,
                         const std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string list;
  for (const std::string& name : names)
    list += (list.empty() ? "" : &name == &names.back() ? " or " : ", ") + name;
  throw UsageError(option + " '" + text + "' is not known: give " + list);
}

}  // namespace metamict::app
