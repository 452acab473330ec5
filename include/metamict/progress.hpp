// SPDX-License-Identifier: GPL-3.0-or-later
// How the library tells its caller how far it is, and how the caller stops it: the library itself prints nothing.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace metamict {

/// Called now and then by long stages with the stage's name and the work done out of the total (in the stage's own
/// units, for example chips). May be called from any thread, one call at a time. Throwing from it (Interrupted) ends
/// the stage; the exception reaches the stage's caller.
using Progress = std::function<void(std::string_view stage, std::size_t done, std::size_t total)>;

/// Sentences on what the tool decided for its user: logged as warnings and repeated in every report.
using Notes = std::vector<std::string>;

}  // namespace metamict
