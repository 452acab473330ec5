// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/resources.hpp"

#include <string>
#include <system_error>

#include "metamict/errors.hpp"

namespace metamict {

void Resources::check() const {
  if (threads < 1)
    throw UsageError("threads is " + std::to_string(threads) + " but must be at least 1");
  if (std::error_code failure; !spill.empty() && !std::filesystem::is_directory(spill, failure))
    throw UsageError("the folder " + spill.string() +
                     " for the scores does not exist: make it, or name another one");
}

}  // namespace metamict
