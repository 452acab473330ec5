// SPDX-License-Identifier: GPL-3.0-or-later
// Declares the functions of the torch plug-in that the library calls. It includes no torch header.
#pragma once

#include <cstdint>

#include "metamict/encoder.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

/// Opens a TorchScript encoder whose file was verified. `sidecar` holds the hash of the file
/// itself, `notes` what was decided so far. The caller owns the result. Throws ModelError and
/// UsageError.
using OpenTorchEncoder = Encoder*(const EncoderOptions& options, const Sidecar& sidecar,
                                  const Notes& notes);

/// A graph that DeepCut is to part.
struct DeepcutTask {
  const float* features_ND = nullptr;
  const float* weights_NN = nullptr;  ///< symmetric; those below 0 count for the correlation only
  std::int64_t nodes = 0, features = 0;
  int groups = 2;            ///< at most
  bool correlation = false;  ///< correlation clustering instead of the normalised cut
  int runs = 1;              ///< the one of the lowest loss is taken
  std::uint64_t seed = 1;
};

/// Writes the group of each node, from 0, and returns the loss. The same for any number of threads.
/// Throws ModelError.
using Deepcut = double(const DeepcutTask& task, std::int32_t* groups_N);

}  // namespace metamict

extern "C" double metamict_deepcut(const metamict::DeepcutTask& task, std::int32_t* groups_N);
extern "C" metamict::Encoder* metamict_open_torch_encoder(const metamict::EncoderOptions& options,
                                                          const metamict::Sidecar& sidecar,
                                                          const metamict::Notes& notes);
