// SPDX-License-Identifier: GPL-3.0-or-later
// Opens an encoder for a caller who has decided something about it already and wants that in every
// report.
#pragma once

#include <memory>

#include "metamict/encoder.hpp"

namespace metamict {

std::unique_ptr<Encoder> open_encoder_noting(const EncoderOptions& options, Notes notes);

/// SHA-256 of a model or its sidecar. Throws ModelError when it cannot be read.
std::string hash_of_model_file(const std::filesystem::path& path);

}  // namespace metamict
