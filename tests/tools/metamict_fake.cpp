// SPDX-License-Identifier: GPL-3.0-or-later
// The program with the tests' fake encoder: starts in a moment and computes in milliseconds, so that it can be killed,
// starved and signalled thousands of times.
#include <iostream>

#include "app/program.hpp"
#include "app/signals.hpp"
#include "support/support.hpp"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const metamict::app::SignalWatch watch;
  const auto open = [](const metamict::EncoderOptions& options) {
    const metamict::Sidecar sidecar = metamict::read_sidecar(options.model);
    return metamict::test::fake_encoder(sidecar.features, sidecar.input_px);
  };
  return metamict::app::run_program({argv + 1, argv + argc}, {std::cout, std::cerr, false, open});
}
