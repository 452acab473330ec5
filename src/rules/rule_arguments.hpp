// SPDX-License-Identifier: GPL-3.0-or-later
// What a rule is told beside the scene.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "metamict/matrix.hpp"

namespace metamict {

/// The embeddings of chips that other images show of one class, in all features of the encoder.
struct ShownClass {
  std::string label;
  RowMatrixXf rows_ND;
};

struct RuleArguments {
  std::optional<int> count;          ///< of groups; unset = auto
  std::filesystem::path prototypes;  ///< of the rule `prototypes`
  std::vector<ShownClass> shown;     ///< by other images, for that rule
};

}  // namespace metamict
