// SPDX-License-Identifier: GPL-3.0-or-later
// One function per verb: options in, exit code out.
#pragma once

#include "app/log.hpp"
#include "app/options.hpp"
#include "app/program.hpp"

namespace metamict::app {

int run_segment(const SegmentCommand& command, Console& console, Log& log);
int run_inspect(const InspectCommand& command, Console& console, Log& log);
int run_evaluate(const EvaluateCommand& command, Console& console, Log& log);

/// The encoder that ships: $METAMICT_MODELS, else the installed models, else those of the source tree. Throws ModelError.
std::filesystem::path default_encoder();

/// The error with the file's name in front, unless the sentence names it already.
std::string about(const std::filesystem::path& file, const std::exception& error);

/// Of any library: std::bad_alloc and OpenCV's way of saying it.
bool is_out_of_memory(const std::exception& error);

/// The exit code that an error alone would give.
int exit_code_of(const std::exception& error);

}  // namespace metamict::app
