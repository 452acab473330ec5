// SPDX-License-Identifier: GPL-3.0-or-later
// The program with the tests' fake encoder: starts in a moment and computes in milliseconds, so
// that it can be killed, starved and signalled thousands of times.
#include "app/program.hpp"
#include "base/sha256.hpp"
#include "metamict/sidecar.hpp"
#include "support/support.hpp"

int main(int argc, char** argv) {
  return metamict::app::run_main(argc, argv, [](const metamict::EncoderOptions& options) {
    const metamict::Sidecar sidecar = metamict::read_sidecar(options.model);
    return metamict::test::fake_encoder(sidecar.features, sidecar.input_px,
                                        metamict::sha256_of_file(options.model));
  });
}
