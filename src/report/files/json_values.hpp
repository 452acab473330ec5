// SPDX-License-Identifier: GPL-3.0-or-later
// Values that several JSON files write alike.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.hpp"
#include "metamict/progress.hpp"

namespace metamict {

using Json = nlohmann::ordered_json;

/// What is not known is null.
template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

inline Json notes_json(const Notes& notes) {
  Json sentences = Json::array();
  for (const std::string& note : notes) sentences.push_back(clean_utf8(note));
  return sentences;
}

}  // namespace metamict
