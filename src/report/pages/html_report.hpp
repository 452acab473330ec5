// SPDX-License-Identifier: GPL-3.0-or-later
// report.html: one page that shows everything, alone in its file.
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

/// The page: no network, no JavaScript, every name escaped, a Content-Security-Policy that allows nothing but its own
/// style and pictures.
std::string html_report(const Result& result, const ReportPictures& pictures);

/// The rule whose graph the page shows: the primary one, or the last threshold rule where that is derived; null without
/// any.
const RuleResult* graph_rule(const Result& result);

}  // namespace metamict
