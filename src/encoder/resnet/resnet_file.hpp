// SPDX-License-Identifier: GPL-3.0-or-later
// A ResNet50 straight from its TorchScript file: LibTorch, which takes longer to load than a small image to embed,
// stays out.
#pragma once

#include <memory>
#include <span>

#include "metamict/encoder.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

/// The encoder when nothing needs LibTorch: the work is the processor's, the file's weights are a ResNet50's, and with
/// them the features are those that the sidecar recorded of the module itself. Nothing otherwise: LibTorch then says
/// what the file is.
std::unique_ptr<Encoder> open_resnet_file(std::span<const unsigned char> file, const EncoderOptions& options,
                                          const Sidecar& sidecar, const Notes& notes);

}  // namespace metamict
