// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <exception>
#include <iostream>

#include "app/program.hpp"
#include "app/signals.hpp"

int main(int argc, char** argv) try {
  std::ios::sync_with_stdio(false);
  const metamict::app::SignalWatch watch;
  return metamict::app::run_program({argv + 1, argv + argc}, {std::cout, std::cerr, isatty(STDERR_FILENO) != 0});
} catch (const std::exception& error) {
  std::cerr << "error: " << error.what() << std::endl;
  return 7;
}
