// SPDX-License-Identifier: GPL-3.0-or-later
#include "formats/bytes/units.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "formats/bytes/encoding.hpp"

namespace metamict {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Characters that stand for others, most of them beyond ASCII; the last lines are UTF-8 once taken
// for Latin-1.
constexpr Pair characters[] = {{"\xC2\xB5", "u"},
                               {"\xCE\xBC", "u"},
                               {"\xF0\x9D\x9B\x8D", "u"},
                               {"\xF0\x9D\x9C\x87", "u"},
                               {"\xF0\x9D\x9D\x81", "u"},
                               {"\xE3\x8E\x9A", "nm"},
                               {"\xE3\x8E\x9B", "um"},
                               {"\xE3\x8E\x9C", "mm"},
                               {"\xE3\x8E\x9D", "cm"},
                               {"\xC3\x85", "A"},
                               {"\xE2\x84\xAB", "A"},
                               {"\xCC\x8A", ""},
                               {"\xC3\xA5", "a"},
                               {"\xC3\xB6", "o"},
                               {"\xCC\x88", ""},
                               {"\xC3\xA8", "e"},
                               {"\xE2\x81\xBB", "^-"},
                               {"\xC2\xAF", "^-"},
                               {"\xC2\xB9", "1"},
                               {"\xC2\xB2", "2"},
                               {"\xE2\x88\x92", "-"},
                               {"\xE2\x80\x90", "-"},
                               {"\xE2\x80\x91", "-"},
                               {"\xE2\x80\x93", "-"},
                               {"\xE2\x81\x84", "/"},
                               {"\xE2\x88\x95", "/"},
                               {"\xC2\xB7", ""},
                               {"\xE2\x8B\x85", ""},
                               {"\xC2\xB0", "deg"},
                               {"\xC2\xBA", "deg"},
                               {"\xE2\x80\xB2", "arcmin"},
                               {"\xE2\x80\xB3", "arcsec"},
                               {"\xCE\xB8", "theta"},
                               {"\xC2\xA0", " "},
                               {"\xE2\x80\x89", " "},
                               {"\xE2\x80\x8A", " "},
                               {"\xE2\x80\x8B", " "},
                               {"\xE2\x80\xAF", " "},
                               {"\xEF\xBB\xBF", " "},
                               {"**", "^"},
                               {"\xC3\x82\xC2\xB5", "u"},
                               {"\xC3\x8E\xC2\xBC", "u"},
                               {"\xC3\x83\xE2\x80\xA6", "A"},
                               {"\xC3\x83\xC2\x85", "A"}};

// LaTeX, with siunitx: what a command stands for. Others keep their name.
constexpr Pair commands[] = {
    {"mu", "u"},         {"textmu", "u"},    {"upmu", "u"},      {"micro", "u"},
    {"mum", "um"},       {"um", "um"},       {"nano", "n"},      {"pico", "p"},
    {"milli", "m"},      {"centi", "c"},     {"femto", "f"},     {"meter", "m"},
    {"metre", "m"},      {"nm", "nm"},       {"AA", "A"},        {"angstrom", "A"},
    {"Angstrom", "A"},   {"mathring", ""},   {"r", ""},          {"per", "/"},
    {"tothe", "^"},      {"deg", "deg"},     {"degree", "deg"},  {"circ", "deg"},
    {"radian", "rad"},   {"theta", "theta"}, {"rm", ""},         {"mathrm", ""},
    {"mathit", ""},      {"mathsf", ""},     {"mathbf", ""},     {"text", ""},
    {"textrm", ""},      {"textit", ""},     {"textnormal", ""}, {"ensuremath", ""},
    {"si", ""},          {"SI", ""},         {"unit", ""},       {"left", ""},
    {"right", ""},       {"cdot", ""},       {"quad", ""},       {"frac", "\\frac"},
    {"dfrac", "\\frac"}, {"tfrac", "\\frac"}};

constexpr std::string_view no_units[] = {
    "px",           "pixel",       "pixels", "pix",  "pixs",          "point",    "points",
    "undefined",    "<undefined>", "none",   "null", "unknown",       "unitless", "dimensionless",
    "uncalibrated", "-",           "1",      "nan",  "referenceframe"};

struct Symbol {
  std::string_view name;
  double nm;
};
// SI symbols, where case matters (m, M); "A" is the ångström, as no image is measured in ampere.
constexpr Symbol symbols[] = {
    {"nm", 1},     {"um", 1e3},  {"u", 1e3},     {"mum", 1e3}, {"A", 0.1},  {"degA", 0.1},
    {"Adeg", 0.1}, {"pm", 1e-3}, {"fm", 1e-6},   {"mm", 1e6},  {"cm", 1e7}, {"dm", 1e8},
    {"m", 1e9},    {"km", 1e12}, {"in", 2.54e7}, {"NM", 1},    {"Nm", 1},   {"nM", 1},
    {"AA", 0.1},   {"UM", 1e3},  {"uM", 1e3},    {"Um", 1e3},  {"PM", 1e-3}};
constexpr Symbol prefixes[] = {{"", 1e9},      {"nano", 1},    {"micro", 1e3},
                               {"mikro", 1e3}, {"pico", 1e-3}, {"femto", 1e-6},
                               {"milli", 1e6}, {"centi", 1e7}, {"kilo", 1e12}};
constexpr std::string_view metre_words[] = {"meter", "metre", "meters", "metres"};
constexpr Symbol words[] = {
    {"micron", 1e3},      {"microns", 1e3},   {"mikron", 1e3},   {"ang", 0.1},
    {"angs", 0.1},        {"angst", 0.1},     {"angstrom", 0.1}, {"angstroms", 0.1},
    {"angstroem", 0.1},   {"aangstrom", 0.1}, {"inch", 2.54e7},  {"inches", 2.54e7},
    {"bohr", 0.05291772}, {"a0", 0.05291772}, {"nanom", 1},      {"microm", 1e3}};
constexpr std::string_view angles[] = {
    "rad",          "mrad",      "urad",     "nrad",        "krad",         "rads",
    "mrads",        "radian",    "radians",  "milliradian", "milliradians", "microradian",
    "microradians", "millirad",  "microrad", "deg",         "degs",         "degree",
    "degrees",      "arcmin",    "arcsec",   "arcmins",     "arcsecs",      "gon",
    "grad",         "deg2theta", "2theta",   "theta",       "twotheta",     "2thetadeg"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

template <typename List>
bool holds(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

std::optional<double> nm_of(std::string_view name) {
  for (const auto& symbol : symbols)
    if (symbol.name == name) return symbol.nm;
  const std::string small = lower(name);
  for (const auto& word : words)
    if (word.name == small) return word.nm;
  for (const auto& prefix : prefixes)
    for (const auto metre : metre_words)
      if (small == std::string(prefix.name) + std::string(metre)) return prefix.nm;
  return std::nullopt;
}

// "\u00B5" and "\xB5", as Java and Python write characters beyond ASCII.
std::string without_escapes(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t digits = text.substr(i).starts_with("\\u")   ? 4
                               : text.substr(i).starts_with("\\x") ? 2
                                                                   : 0;
    unsigned long code = 0;
    const char* const begin = text.data() + i + 2;
    if (digits > 0 && i + 2 + digits <= text.size() &&
        std::from_chars(begin, begin + digits, code, 16).ptr == begin + digits) {
      result += utf8_of(code);
      i += 1 + digits;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string in_ascii(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Pair* best = nullptr;
    for (const auto& pair : characters)
      if (text.starts_with(pair.first) &&
          (best == nullptr || pair.first.size() > best->first.size()))
        best = &pair;
    result += best == nullptr ? text.substr(0, 1) : best->second;
    text.remove_prefix(best == nullptr ? 1 : best->first.size());
  }
  return result;
}

// "\frac{1}{nm}" becomes "1/nm".
std::string without_fractions(std::string text) {
  for (auto at = text.find("\\frac"); at != std::string::npos; at = text.find("\\frac")) {
    const auto middle = text.find("}{", at);
    if (middle != std::string::npos) text.replace(middle, 2, "/");
    text.erase(at, 5);
  }
  return text;
}

std::string without_latex(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      result += text[i++];
      continue;
    }
    std::size_t end = i + 1;
    while (end < text.size() &&
           ((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z')))
      ++end;
    const std::string_view name = text.substr(i + 1, end - i - 1);
    const auto* const known =
        std::find_if(std::begin(commands), std::end(commands),
                     [&](const auto& command) { return command.first == name; });
    result += known == std::end(commands) ? name : known->second;
    i = name.empty() ? i + 2 : end;  // "\," and the like are blanks
  }
  return without_fractions(result);
}

// One spelling for all that a unit can be written as: "$\mathrm{\AA}^{-1}$" becomes "A^-1", "[n_m]"
// becomes "nm".
std::string normalised(std::string_view raw) {
  std::string text = trimmed(without_entities(without_entities(as_utf8(raw))));
  if (text.starts_with("b'") && text.ends_with('\'')) text = text.substr(2, text.size() - 3);
  text = without_latex(in_ascii(without_escapes(text)));
  std::erase_if(text, [](char c) {
    return std::string_view(" \t\r\n\0[](){}$~_'\"*", 17).find(c) != std::string_view::npos;
  });
  while (text.ends_with('.')) text.pop_back();
  while (text.starts_with('^')) text.erase(0, 1);
  return text;
}

// "nm/px" is a size of nm; what stands under the line of a pixel's size is always the pixel.
void remove_per_pixel(std::string& text) {
  for (const std::string_view end : {"/px", "/pixel", "/pixels", "/pix", "/point", "/points",
                                     "perpixel", "perpx", "px^-1", "pixel^-1", "px-1"})
    if (lower(text).ends_with(end) && text.size() > end.size()) {
      text.erase(text.size() - end.size());
      return;
    }
}

// The power at the end of "nm^-1", "nm-1" or "nm^2", taken off; 1 where there is none.
int take_power(std::string& text) {
  const auto digits = text.find_last_not_of("0123456789") + 1;
  if (digits == 0 || digits == text.size()) return 1;
  auto begin = digits;
  const bool negative = text[begin - 1] == '-';
  if (negative || text[begin - 1] == '+') --begin;
  const bool raised = begin > 0 && text[begin - 1] == '^';
  if (!raised && !negative) return 1;
  int power = 1;
  std::from_chars(text.data() + digits, text.data() + text.size(), power);
  text.erase(raised ? begin - 1 : begin);
  return negative ? -power : power;
}

// What stands under the line, where the whole is one over something; empty where it is not.
std::string under_the_line(const std::string& text) {
  for (const std::string_view start :
       {"1/", "/", "per", "inverse", "reciprocal", "inv", "cycles/", "cycle/", "cyc/", "rad/",
        "2pi/", "lp/", "lines/", "linepairs/", "periods/"})
    if (lower(text).starts_with(start) && text.size() > start.size())
      return text.substr(start.size());
  return {};
}

Unit unit_of(std::string text) {
  if (text.empty() || holds(no_units, lower(text))) return {};
  remove_per_pixel(text);
  if (holds(angles, lower(text))) return {UnitKind::angle, 0, {}};
  if (const auto nm = nm_of(text)) return {UnitKind::length, *nm, {}};
  if (std::string under = under_the_line(text); !under.empty()) {
    take_power(under);
    if (nm_of(under)) return {UnitKind::reciprocal, 0, {}};
  }
  const int power = take_power(text);
  const auto nm = nm_of(text);
  if (nm && power == 1) return {UnitKind::length, *nm, {}};
  return {nm && power < 0 ? UnitKind::reciprocal : UnitKind::other, 0, {}};
}

}  // namespace

Unit metres() { return {UnitKind::length, 1e9, "m"}; }
Unit nanometres() { return {UnitKind::length, 1, "nm"}; }

Unit parse_unit(std::string_view raw) {
  constexpr std::size_t longest = 200;
  Unit unit = unit_of(normalised(raw.substr(0, longest)));
  unit.text = trimmed(as_utf8(raw.substr(0, longest)));
  return unit;
}

std::optional<double> parse_number(std::string_view raw) {
  std::string text = trimmed(raw);
  if (text.find('.') == std::string::npos && std::count(text.begin(), text.end(), ',') == 1)
    text[text.find(',')] = '.';
  const char* begin = text.data();
  const char* const end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  double value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || stop != end || begin == end || !std::isfinite(value))
    return std::nullopt;
  return value;
}

}  // namespace metamict
