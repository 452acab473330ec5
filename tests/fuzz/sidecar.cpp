// SPDX-License-Identifier: GPL-3.0-or-later
// Any bytes as a model's sidecar: values within their bounds, or a ModelError.
#include "metamict/sidecar.hpp"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "metamict/encoder.hpp"
#include "metamict/errors.hpp"

namespace {

std::string folder() {
  std::string name = "/tmp/metamict-fuzz-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) std::abort();
  std::ofstream(name + "/net.pt") << "a model";
  static const std::string made = name;
  std::atexit([] { std::filesystem::remove_all(made); });
  return name;
}

bool within(const metamict::Sidecar& sidecar) {
  bool good = sidecar.input_px >= 8 && sidecar.features >= 1 && sidecar.channels == 3 &&
              sidecar.cells_per_chip > 0;
  for (int i = 0; i < 3; ++i) good = good && std::isfinite(sidecar.mean[i]) && sidecar.std[i] > 0;
  return good && std::isfinite(sidecar.cells_per_chip) &&
         (sidecar.sha256.empty() || sidecar.sha256.size() == 64);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const std::string place = folder();
  std::ofstream(place + "/net.json", std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    if (!within(metamict::read_sidecar(place + "/net.pt"))) std::abort();
  } catch (const metamict::ModelError&) {  // the sentence that is owed
  }
  return 0;
}
