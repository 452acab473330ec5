// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace metamict {

/// The value below which a share of the values lies, one of them; NaN where there is none. Reorders the values.
template <typename Value>
double quantile(std::vector<Value>& values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::min(share * static_cast<double>(values.size()),
                                                                        static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at);
}

}  // namespace metamict
