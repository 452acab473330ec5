// SPDX-License-Identifier: GPL-3.0-or-later
// Which models are loaded without asking: a TorchScript file is code.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "metamict/encoder.hpp"

namespace metamict::app {

/// $METAMICT_MODELS, the installed models, those of the source tree.
std::vector<std::filesystem::path> model_folders();

/// $XDG_CONFIG_HOME/metamict/trusted-encoders (else below ~/.config): one SHA-256 a line, as sha256sum prints it; #
/// comments.
std::filesystem::path allow_list();

/// open_encoder() for a model whose hash stands in a sidecar below model_folders() or in the allow-list; another one
/// needs options.trust, and its report says so. Throws ModelError.
std::unique_ptr<Encoder> open_trusted_encoder(const EncoderOptions& options);

/// The encoder that ships: $METAMICT_MODELS, else the installed models, else those of the source tree. Throws
/// ModelError.
std::filesystem::path default_encoder();

}  // namespace metamict::app
