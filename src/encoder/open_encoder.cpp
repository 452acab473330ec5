// SPDX-License-Identifier: GPL-3.0-or-later
#include "encoder/open_encoder.hpp"

#include <span>

#include "base/sha256.hpp"
#include "base/system/beside_library.hpp"
#include "base/system/mapped_file.hpp"
#include "encoder/resnet/resnet_file.hpp"
#include "encoder/torch/torch_plugin.hpp"
#include "metamict/errors.hpp"
#include "metamict/sidecar.hpp"

namespace metamict {

namespace {

namespace fs = std::filesystem;

/// Checks that the file's hash is the one its sidecar lists, because a TorchScript file is code.
/// Returns the hash.
std::string verified_hash(std::span<const unsigned char> file, const EncoderOptions& options,
                          const Sidecar& sidecar, Notes& notes) {
  Sha256 sha;
  sha.update(file);
  std::string found = sha.hex();
  if (found == sidecar.sha256) return found;
  const std::string difference =
      sidecar.sha256.empty()
          ? "its sidecar lists no SHA-256"
          : "its SHA-256 is " + found + " but its sidecar lists " + sidecar.sha256;
  if (!options.trust)
    throw ModelError(options.model.string() + ": " + difference +
                     "; a model file is code, so it is loaded only with --trust-encoder");
  notes.push_back("encoder " + options.model.filename().string() +
                  " was loaded on trust: " + difference);
  return found;
}

}  // namespace

std::string hash_of_model_file(const fs::path& path) try {
  return sha256_of_file(path);
} catch (const InputError& error) {
  throw ModelError(error.what());
}

std::unique_ptr<Encoder> open_encoder(const EncoderOptions& options) {
  return open_encoder_noting(options, {});
}

std::unique_ptr<Encoder> open_encoder_noting(const EncoderOptions& asked, Notes notes) {
  EncoderOptions options = asked;
  Sidecar sidecar = read_sidecar(options.model);
  options.embedding = chosen_embedding(options.embedding, sidecar);
  const MappedFile file(options.model);
  sidecar.sha256 = verified_hash(file.bytes(), options, sidecar, notes);
  if (auto encoder = open_resnet_file(file.bytes(), options, sidecar, notes)) return encoder;
  const auto open = reinterpret_cast<OpenTorchEncoder*>(
      plugin_symbol("metamict_torch", "metamict_open_torch_encoder"));
  return std::unique_ptr<Encoder>(open(options, sidecar, notes));
}

}  // namespace metamict
