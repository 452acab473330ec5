// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/batch/batch.hpp"
#include "app/verbs.hpp"

namespace metamict::app {

int run_segment(const SegmentCommand& command, Console& console, Log& log) {
  return run_batch(command, console, log, {});
}

}  // namespace metamict::app
