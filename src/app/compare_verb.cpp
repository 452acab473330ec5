// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verbs.hpp"
#include "metamict/written_file.hpp"
#include "report/comparison/comparison_files.hpp"

namespace metamict::app {

int run_compare(const CompareCommand& command, Console& console, Log& log) {
  const Comparison comparison = compare_results(command.baseline, command.fresh, command.limits);
  if (!command.junit.empty()) write_whole(command.junit, comparison_junit(comparison));
  if (!command.html.empty()) write_whole(command.html, comparison_html(comparison));
  if (command.common.json)
    console.out << comparison_json(comparison);
  else if (!command.common.quiet)
    console.out << comparison_text(comparison, command.common.verbose);
  console.out.flush();
  if (!console.out) return 6;
  if (comparison.within()) return 0;
  if (command.common.json || command.common.quiet)
    log.error("results differ beyond the limits: metamict compare without --json says how");
  return 1;
}

}  // namespace metamict::app
