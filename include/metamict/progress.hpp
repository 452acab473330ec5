// SPDX-License-Identifier: GPL-3.0-or-later
// The library tells its caller how far it is, and the caller can stop it. The library itself prints
// nothing.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace metamict {

/// Long stages call it now and then with the stage's name and the work done out of the total, in
/// the stage's own unit (for example chips). Calls come from any thread, one at a time. Throwing
/// from it (Interrupted) ends the stage; the exception reaches the stage's caller.
using Progress = std::function<void(std::string_view stage, std::size_t done, std::size_t total)>;

/// Sentences on what the tool decided for its user. They are logged as warnings and stand in every
/// report.
using Notes = std::vector<std::string>;

}  // namespace metamict
