// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/cut.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>

#include "metamict/errors.hpp"

namespace metamict {

CutRule parse_cut_rule(const std::string& text) {
  if (text == "mean") return {CutKind::mean, 0, text};
  if (text == "median") return {CutKind::median, 0, text};
  if (text == "mode") return {CutKind::mode, 0, text};
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size() || !std::isfinite(number))
    throw UsageError("cut '" + text + "' is neither mean, median, mode nor a number in [0, 1]");
  if (number < 0 || number > 1) throw UsageError("cut " + text + " is outside [0, 1]");
  return {CutKind::number, number, text};
}

Cut choose_cut(const Similarity& similarity, const CutRule& rule, int mode_bins) {
  switch (rule.kind) {
    case CutKind::mean:
      return {rule, similarity.statistics.mean};
    case CutKind::median:
      return {rule, similarity.statistics.median};
    case CutKind::mode:
      return {rule, mode_of(similarity.statistics, mode_bins)};
    case CutKind::number:
      return {rule, rule.number};
  }
  throw std::logic_error("unknown cut rule");
}

}  // namespace metamict
