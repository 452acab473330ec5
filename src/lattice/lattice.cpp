// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/lattice.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "lattice/lattice_search.hpp"
#include "metamict/errors.hpp"

namespace metamict {
std::optional<Lattice> find_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  assert(options.min_period_px >= 2 && options.max_period_px > options.min_period_px);
  const std::vector<ReciprocalLattice> found = find_lattices(micrograph.pixels, options, 1);
  if (found.empty()) return {};
  const ReciprocalLattice& lattice = found.front();
  double angle_deg = std::atan2(lattice.g1.y, lattice.g1.x) * 180 / std::numbers::pi;
  angle_deg = std::fmod(angle_deg + 360, 180);
  return Lattice{lattice.period_px(), angle_deg, lattice.confidence};
}

}  // namespace metamict
