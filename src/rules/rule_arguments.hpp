// SPDX-License-Identifier: GPL-3.0-or-later
// What a rule is told beside the scene.
#pragma once

#include <filesystem>
#include <optional>

namespace metamict {

struct RuleArguments {
  std::optional<int> count;          ///< of groups; unset = auto
  std::filesystem::path prototypes;  ///< of the rule `prototypes`
};

}  // namespace metamict
