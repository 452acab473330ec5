// SPDX-License-Identifier: GPL-3.0-or-later
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

#include "app/program.hpp"

namespace {
extern "C" void on_signal(int signal) {
  // A second signal does not wait for the piece of work at hand.
  if (metamict::app::stop_signal.exchange(signal) != 0) std::_Exit(128 + signal);
}
}  // namespace

int main(int argc, char** argv) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  return metamict::app::run_program({argv + 1, argv + argc}, {std::cout, std::cerr, isatty(STDERR_FILENO) != 0});
}
