// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/process/trust.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/system/beside_library.hpp"
#include "encoder/open_encoder.hpp"
#include "metamict/errors.hpp"
#include "metamict/sidecar.hpp"

namespace metamict::app {

namespace fs = std::filesystem;

namespace {

/// True when a sidecar below one of the model folders (models/, models/untrained/) lists this hash.
bool ships(const std::string& sha256) try {
  for (const fs::path& folder : model_folders()) {
    std::error_code failure;
    for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
         entry.increment(failure)) {
      if (entry.depth() > 0) entry.disable_recursion_pending();
      if (entry->path().extension() != ".json") continue;
      std::ifstream file(entry->path());
      const nlohmann::json sidecar = nlohmann::json::parse(file, nullptr, false);
      if (sidecar.is_object() && sidecar.contains("sha256") && sidecar["sha256"] == sha256)
        return true;
    }
  }
  return false;
} catch (const std::ios_base::failure& error) {
  throw ModelError(std::string("a model's sidecar cannot be read: ") + error.what());
}

/// True when the user's list holds this hash. The list counts only when nobody else can write it.
bool is_allowed(const std::string& sha256) {
  const fs::path list = allow_list();
  struct stat status {};
  if (list.empty() || ::stat(list.c_str(), &status) != 0) return false;
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    throw ModelError(list.string() +
                     " can be written by others, so it is not believed: chmod go-w it");
  std::ifstream file(list);
  for (std::string line; std::getline(file, line);)
    if (line.substr(0, line.find_first_of(" \t\r#")) == sha256) return true;
  return false;
}

}  // namespace

std::vector<fs::path> model_folders() {
  std::vector<fs::path> folders;
  if (const char* given = std::getenv("METAMICT_MODELS")) folders.emplace_back(given);
  folders.push_back(library_folder() / "../../share/metamict/models");
  if (const fs::path source = METAMICT_SOURCE_TREE; !source.empty())
    folders.push_back(source / "models");
  return folders;
}

fs::path allow_list() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config == '/')
    return fs::path(config) / "metamict/trusted-encoders";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return fs::path(home) / ".config/metamict/trusted-encoders";
  return {};
}

std::unique_ptr<Encoder> open_trusted_encoder(const EncoderOptions& options) {
  const Sidecar sidecar = read_sidecar(options.model);
  if (!sidecar.sha256.empty() && (ships(sidecar.sha256) || is_allowed(sidecar.sha256)))
    return open_encoder_noting(options, {});
  const std::string fact =
      "its SHA-256 " + hash_of_model_file(options.model) + " is not that of a model that ships";
  if (!options.trust)
    throw ModelError(options.model.string() + ": " + fact +
                     "; a model file is code that runs with your rights: when you trust where it "
                     "comes from, give "
                     "--trust-encoder or add the hash to " +
                     allow_list().string());
  return open_encoder_noting(
      options, {"encoder " + options.model.filename().string() + " was loaded on trust: " + fact});
}

std::filesystem::path default_encoder() {
  const std::vector<std::filesystem::path> folders = model_folders();
  for (const auto& folder : folders)
    for (const char* name : {"metamict-resnet50.pt", "untrained/metamict-untrained-resnet50.pt"})
      if (std::error_code failure; std::filesystem::exists(folder / name, failure))
        return std::filesystem::weakly_canonical(folder / name);
  throw ModelError("no encoder was found in " + folders.front().string() +
                   ": run scripts/make_untrained_encoder.py, or give one with --encoder FILE");
}

}  // namespace metamict::app
