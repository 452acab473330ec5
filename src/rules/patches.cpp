// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/patches.hpp"

#include <algorithm>
#include <utility>

#include "metamict/order.hpp"
#include "rules/interfaces.hpp"
#include "rules/joining.hpp"

namespace metamict {

std::vector<Nodes> without_patches(const ChipField& field, std::vector<Nodes> regions) {
  Interfaces meet(field.grid(), regions);
  while (true) {
    std::pair<std::size_t, std::size_t> best{0, 0};
    double straightest = 1;
    for (std::size_t a = 0; a < regions.size(); ++a)
      for (std::size_t b = 0; b < a; ++b) {
        if (!meet.touch(a, b) || is_ordered(field.order_of(regions[a])) ||
            is_ordered(field.order_of(regions[b])))
          continue;
        double straighter = 0;
        for (std::size_t c = 0; c < regions.size(); ++c)
          straighter = std::max(straighter, meet.on_one_side_of(c, a, b));
        if (straighter <= straightest) continue;
        if (clarity_across(field, regions[a], regions[b]) >= field.options().jump.patches) continue;
        straightest = straighter;
        best = {a, b};
      }
    const auto [a, b] = best;
    if (a == b) return regions;
    regions[b] = joined(regions[b], regions[a]);
    regions.erase(regions.begin() + static_cast<std::ptrdiff_t>(a));
    meet.merge(a, b);
  }
}

}  // namespace metamict
