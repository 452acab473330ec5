// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/resources.hpp"

#include <string>

#include "metamict/errors.hpp"

namespace metamict {

void Resources::check() const {
  if (threads < 1) throw UsageError("threads is " + std::to_string(threads) + " but must be at least 1");
}

}  // namespace metamict
