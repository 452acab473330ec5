// SPDX-License-Identifier: GPL-3.0-or-later
#include "graph/communities/stability.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "metamict/labelings.hpp"

namespace metamict {
namespace {

using Labels = std::vector<std::int32_t>;

/// For each of the run's communities the best run's community that it stands for, or -1.
std::vector<std::int32_t> match(const Labels& run, const Labels& best) {
  std::map<std::pair<std::int32_t, std::int32_t>, std::size_t> overlaps;
  for (std::size_t node = 0; node < run.size(); ++node) ++overlaps[{best[node], run[node]}];
  std::vector<std::tuple<std::size_t, std::int32_t, std::int32_t>> sorted;
  for (const auto& [pair, size] : overlaps) sorted.emplace_back(size, pair.first, pair.second);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return std::get<0>(a) > std::get<0>(b); });
  std::vector<std::int32_t> matched(
      static_cast<std::size_t>(*std::max_element(run.begin(), run.end())) + 1, -1);
  std::vector<bool> taken(static_cast<std::size_t>(*std::max_element(best.begin(), best.end())) + 1,
                          false);
  for (const auto& [size, of_best, of_run] : sorted) {
    if (matched[static_cast<std::size_t>(of_run)] >= 0 || taken[static_cast<std::size_t>(of_best)])
      continue;
    matched[static_cast<std::size_t>(of_run)] = of_best;
    taken[static_cast<std::size_t>(of_best)] = true;
  }
  return matched;
}

}  // namespace

Stability stability_of(const std::vector<Labels>& runs, std::size_t best) {
  const Labels& reference = runs[best];
  std::vector<std::size_t> agreeing(reference.size(), 0);
  double rand_sum = 0;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    const std::vector<std::int32_t> matched = match(runs[run], reference);
    for (std::size_t node = 0; node < reference.size(); ++node)
      agreeing[node] += matched[static_cast<std::size_t>(runs[run][node])] == reference[node];
    if (run != best) rand_sum += adjusted_rand_index(runs[run], reference);
  }
  Stability stability;
  for (const std::size_t runs_agreeing : agreeing)
    stability.node.push_back(static_cast<float>(runs_agreeing) / static_cast<float>(runs.size()));
  if (runs.size() > 1) stability.index = rand_sum / static_cast<double>(runs.size() - 1);
  return stability;
}

}  // namespace metamict
