// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/community_options.hpp"

#include <cmath>
#include <string>

#include "metamict/errors.hpp"

namespace metamict {

void CommunityOptions::check() const {
  if (!std::isfinite(resolution) || resolution <= 0)
    throw UsageError("the resolution is " + std::to_string(resolution) + ": give a number above 0");
  if (runs < 1 || runs > 1000)
    throw UsageError("the number of runs is " + std::to_string(runs) + ": give 1 to 1000");
}

}  // namespace metamict
