// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the whole program as one function, so that tests run it in process with streams and an
// encoder of their own.
#pragma once

#include <string>
#include <vector>

#include "app/process/console.hpp"

namespace metamict::app {

/// Runs the program and returns its exit code (docs/use.md). `arguments` leaves out the program's
/// name.
int run_program(const std::vector<std::string>& arguments, Console console);

/// Does main's work: calls run_program on the process's own streams, serves signals, and always
/// returns an exit code.
int run_main(int argc, char** argv, const OpenEncoder& open_encoder = open_trusted_encoder);

}  // namespace metamict::app
