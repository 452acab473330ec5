// SPDX-License-Identifier: GPL-3.0-or-later
// report.html: one page that shows everything about one image, alone in its file.
#pragma once

#include <string>

#include "metamict/result.hpp"

namespace metamict {

/// PNG files made for the folder that the page shows too; empty = not there.
struct ReportPictures {
  std::string similarity;
  std::string graph;  ///< of graph_rule
  std::string graph_rule;
};

/// The page. It asks for nothing from a network, every name in it is escaped, and it tells
/// everything without JavaScript too.
std::string html_report(const Result& result, const ReportPictures& pictures);

/// The rule whose graph the page shows: the primary one, or the last threshold rule where the
/// primary one is derived; null without any.
const RuleResult* graph_rule(const Result& result);

}  // namespace metamict
