// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/sidecar.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "metamict/errors.hpp"

namespace metamict {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int largest_input_px = 4096, largest_features = 1 << 20;

/// Writes a value for a sentence. Lists and objects appear by their kind only, because writing a
/// million nested ones would need a million frames of stack.
std::string shown(const json& value) {
  return value.is_structured() && !value.empty() ? "an " + std::string(value.type_name())
                                                 : value.dump();
}

/// Returns the value under `key`. Throws a sentence that names the file, the key and what was
/// expected.
template <class T>
T required(const json& sidecar, const fs::path& path, const char* key, const char* expected) {
  const auto found = sidecar.find(key);
  if (found != sidecar.end()) try {
      return found->get<T>();
    } catch (const json::exception&) {
      throw ModelError(path.string() + ": \"" + key + "\" is " + shown(*found) + ", expected " +
                       expected);
    }
  throw ModelError(path.string() + ": \"" + key + "\" is missing, expected " + expected);
}

void refuse_unless(bool good, const fs::path& path, const char* key, double value,
                   const char* expected) {
  if (!good)
    throw ModelError(path.string() + ": \"" + key + "\" is " + number(value) + ", expected " +
                     expected);
}

int required_count(const json& sidecar, const fs::path& path, const char* key, int lowest,
                   int highest) {
  const std::string expected =
      "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest);
  const auto value = required<double>(sidecar, path, key, expected.c_str());
  refuse_unless(value >= lowest && value <= highest && value == std::floor(value), path, key, value,
                expected.c_str());
  return static_cast<int>(value);
}

std::array<float, 3> required_channels(const json& sidecar, const fs::path& path, const char* key,
                                       bool positive) {
  const char* expected = positive ? "3 positive numbers" : "3 finite numbers";
  const auto values = required<std::vector<double>>(sidecar, path, key, expected);
  std::array<float, 3> result{};
  refuse_unless(values.size() == result.size(), path, key, static_cast<double>(values.size()),
                expected);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<float>(values[i]);
    refuse_unless(std::isfinite(result[i]) && (!positive || result[i] > 0), path, key, values[i],
                  expected);
  }
  return result;
}

/// Reads one of two names. A sidecar without the key leaves the value as it is.
void read_choice(const json& sidecar, const fs::path& path, const char* key,
                 const std::array<std::string_view, 2>& names, std::string& value) {
  if (!sidecar.contains(key)) return;
  const std::string expected =
      "\"" + std::string(names[0]) + "\" or \"" + std::string(names[1]) + "\"";
  value = required<std::string>(sidecar, path, key, expected.c_str());
  if (std::find(names.begin(), names.end(), value) == names.end())
    throw ModelError(path.string() + ": \"" + key + "\" is \"" + value + "\", expected " +
                     expected);
}

json parse_sidecar(const fs::path& model, const fs::path& path) try {
  std::ifstream file(path);
  if (!file)
    throw ModelError(model.string() + ": its sidecar " + path.filename().string() +
                     " (input size, normalisation, SHA-256) is missing beside it; write one as "
                     "models/README.md says");
  json sidecar = json::parse(file, nullptr, false);
  if (!sidecar.is_object()) throw ModelError(path.string() + ": is not a JSON object");
  return sidecar;
} catch (
    const std::ios_base::failure& error) {  // the parser reads past the stream's own error handling
  throw ModelError(path.string() + ": cannot be read: " + error.what());
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Sidecar read_sidecar(const fs::path& model) {
  if (std::error_code failure; !fs::is_regular_file(model, failure))
    throw ModelError(model.string() +
                     ": no such model file; name a TorchScript file with --encoder");
  const fs::path path = fs::path(model).replace_extension(".json");
  const json json_sidecar = parse_sidecar(model, path);
  const auto text = [&](const char* key) {
    return required<std::string>(json_sidecar, path, key, "a text");
  };
  Sidecar sidecar;
  sidecar.name = text("name");
  sidecar.kind = text("kind");
  sidecar.provenance = text("provenance");
  sidecar.sha256 = text("sha256");
  if (!sidecar.sha256.empty() && !is_sha256(sidecar.sha256))
    throw ModelError(path.string() + ": \"sha256\" is \"" + sidecar.sha256 +
                     "\", expected 64 lower-case hex digits");
  sidecar.input_px = required_count(json_sidecar, path, "input_px", 8, largest_input_px);
  sidecar.features = required_count(json_sidecar, path, "features", 1, largest_features);
  sidecar.channels = required_count(json_sidecar, path, "channels", 3, 3);
  sidecar.mean = required_channels(json_sidecar, path, "mean", false);
  sidecar.std = required_channels(json_sidecar, path, "std", true);
  sidecar.cells_per_chip =
      required<double>(json_sidecar, path, "cells_per_chip", "a positive number");
  refuse_unless(sidecar.cells_per_chip > 0, path, "cells_per_chip", sidecar.cells_per_chip,
                "a positive number");
  read_choice(json_sidecar, path, "embedding", {"chip", "shared"}, sidecar.embedding);
  read_choice(json_sidecar, path, "similarity", {"minmax", "angle"}, sidecar.similarity);
  return sidecar;
}

EmbeddingMode chosen_embedding(EmbeddingMode asked, const Sidecar& sidecar) {
  if (asked != EmbeddingMode::automatic) return asked;
  return sidecar.embedding == "shared" ? EmbeddingMode::shared : EmbeddingMode::chip;
}

}  // namespace metamict
