// SPDX-License-Identifier: GPL-3.0-or-later
// Each verb is one function that takes options and returns an exit code.
#pragma once

#include "app/command_line/options.hpp"
#include "app/process/console.hpp"
#include "app/process/log.hpp"

namespace metamict::app {

int run_segment(const SegmentCommand& command, Console& console, Log& log);
int run_series(const SeriesCommand& command, Console& console, Log& log);
int run_watch(const WatchCommand& command, Console& console, Log& log);
int run_inspect(const InspectCommand& command, Console& console, Log& log);
int run_evaluate(const EvaluateCommand& command, Console& console, Log& log);
int run_compare(const CompareCommand& command, Console& console, Log& log);
int run_gather(const GatherCommand& command, Console& console, Log& log);

}  // namespace metamict::app
