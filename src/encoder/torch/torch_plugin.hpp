// SPDX-License-Identifier: GPL-3.0-or-later
// Declares the one function of the torch plug-in that the library calls. It includes no torch
// header.
#pragma once

#include "metamict/encoder.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

/// Opens a TorchScript encoder whose file was verified. `sidecar` holds the hash of the file
/// itself, `notes` what was decided so far. The caller owns the result. Throws ModelError and
/// UsageError.
using OpenTorchEncoder = Encoder*(const EncoderOptions& options, const Sidecar& sidecar,
                                  const Notes& notes);

}  // namespace metamict

extern "C" metamict::Encoder* metamict_open_torch_encoder(const metamict::EncoderOptions& options,
                                                          const metamict::Sidecar& sidecar,
                                                          const metamict::Notes& notes);
