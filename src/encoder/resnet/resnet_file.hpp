// SPDX-License-Identifier: GPL-3.0-or-later
// Opens a ResNet50 straight from its TorchScript file. LibTorch is not loaded, because that takes
// longer than embedding a small image.
#pragma once

#include <memory>
#include <span>

#include "metamict/encoder.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

/// Opens the encoder when nothing needs LibTorch: it runs on the processor, the weights are a
/// ResNet50's, and the probe chips get the features that the sidecar recorded of the module itself.
/// Returns nothing otherwise; LibTorch then says what the file is.
std::unique_ptr<Encoder> open_resnet_file(std::span<const unsigned char> file,
                                          const EncoderOptions& options, const Sidecar& sidecar,
                                          const Notes& notes);

}  // namespace metamict
