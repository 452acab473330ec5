// SPDX-License-Identifier: GPL-3.0-or-later
// The words by which users call layers: in --layers, --names and --prototypes.
#pragma once

#include <optional>
#include <string>

#include "metamict/layers.hpp"

namespace metamict {

/// cap, film, substrate; `other` for vacuum and ignore. Nothing for any other word.
inline std::optional<Layer> layer_of_word(const std::string& word) {
  if (word == "cap") return Layer::cap;
  if (word == "film") return Layer::film;
  if (word == "substrate") return Layer::substrate;
  if (word == "vacuum" || word == "ignore") return Layer::other;
  return {};
}

}  // namespace metamict
