// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/axis_step.hpp"

#include <cmath>

namespace metamict {

double axis_step(double range, int wanted, std::initializer_list<double> factors) {
  const double raw = range / wanted, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : factors)
    if (raw <= factor * power * 1.0001) return factor * power;
  return 10 * power;
}

}  // namespace metamict
