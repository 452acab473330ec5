// SPDX-License-Identifier: GPL-3.0-or-later
// The whole program as one function, so that tests run it in process with streams and an encoder of their own.
#pragma once

#include <string>
#include <vector>

#include "app/process/console.hpp"

namespace metamict::app {

/// Exit codes: see docs; arguments without the program's name.
int run_program(const std::vector<std::string>& arguments, Console console);

/// What main does: run_program on the process's own streams, signals served, and an exit code whatever happens.
int run_main(int argc, char** argv, const OpenEncoder& open_encoder = open_trusted_encoder);

}  // namespace metamict::app
