// SPDX-License-Identifier: GPL-3.0-or-later
// The whole program as one function, so that tests run it in process with streams and an encoder of their own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "app/process/trust.hpp"
#include "metamict/encoder.hpp"

namespace metamict::app {

using OpenEncoder = std::function<std::unique_ptr<Encoder>(const EncoderOptions&)>;

/// Where a run writes and how it gets its encoder.
struct Console {
  std::ostream& out;      ///< only what was asked for
  std::ostream& err;      ///< log and progress
  bool terminal = false;  ///< err is a terminal: colours and a progress bar
  OpenEncoder open_encoder = open_trusted_encoder;
};

/// Signal that asked the program to stop, 0 = none. Set by main's handlers (and by tests), read between pieces of work.
extern std::atomic<int> stop_signal;

/// Exit codes: see docs; arguments without the program's name.
int run_program(const std::vector<std::string>& arguments, Console console);

/// What main does: run_program on the process's own streams, signals served, and an exit code whatever happens.
int run_main(int argc, char** argv, const OpenEncoder& open_encoder = open_trusted_encoder);

}  // namespace metamict::app
