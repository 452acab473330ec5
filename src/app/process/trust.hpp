// SPDX-License-Identifier: GPL-3.0-or-later
// Decides which models are loaded without asking. A TorchScript file is code.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "metamict/encoder.hpp"

namespace metamict::app {

/// The folders $METAMICT_MODELS, of the installed models, and of the source tree's models.
std::vector<std::filesystem::path> model_folders();

/// The user's list $XDG_CONFIG_HOME/metamict/trusted-encoders (else below ~/.config). It has one
/// SHA-256 a line, as sha256sum prints it, and comments after #.
std::filesystem::path allow_list();

/// Opens a model whose hash stands in a sidecar below model_folders() or in the allow-list. Any
/// other model needs options.trust, and its report says so. Throws ModelError.
std::unique_ptr<Encoder> open_trusted_encoder(const EncoderOptions& options);

/// The path of the encoder that ships: in $METAMICT_MODELS, else among the installed models, else
/// in the source tree. Throws ModelError.
std::filesystem::path default_encoder();

}  // namespace metamict::app
