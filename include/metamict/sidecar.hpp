// SPDX-License-Identifier: GPL-3.0-or-later
// The sidecar is a JSON file beside a model that says what the model is.
#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "metamict/encoder.hpp"

namespace metamict {

/// What the sidecar beside a model says. Reading it needs no torch.
struct Sidecar {
  std::string name, kind, sha256, provenance;
  int input_px = 0, channels = 3, features = 0;
  double cells_per_chip = 4;
  std::string embedding = "chip";     ///< "chip" or "shared": the embedding it was trained for
  std::string similarity = "minmax";  ///< "minmax" or "angle": the scale its scores were made for
  std::array<float, 3> mean{}, std{1, 1, 1};
};

/// Reads and checks <model stem>.json beside the model. Throws ModelError with one sentence.
Sidecar read_sidecar(const std::filesystem::path& model);

/// Returns the embedding that runs: the one asked for or, where that is automatic, the one that the
/// encoder was trained for.
EmbeddingMode chosen_embedding(EmbeddingMode asked, const Sidecar& sidecar);

}  // namespace metamict
