// SPDX-License-Identifier: GPL-3.0-or-later
// A comparison as text, JSON, JUnit and a page.
#pragma once

#include <string>

#include "report/comparison/comparison.hpp"

namespace metamict {

/// Lines for a terminal: a line an image, and below it what is beyond the limits. `all` adds what
/// does not count.
std::string comparison_text(const Comparison& comparison, bool all);

std::string comparison_json(const Comparison& comparison);

/// JUnit XML, one test case an image, named by its stem. Failures hold the differences.
std::string comparison_junit(const Comparison& comparison);

/// One self-contained page. Where maps differ they stand side by side, with the pixels that changed
/// side marked.
std::string comparison_html(const Comparison& comparison);

}  // namespace metamict
