// SPDX-License-Identifier: GPL-3.0-or-later
#include "rules/splitting.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

#include "base/parallel.hpp"
#include "graph/chip_sample.hpp"
#include "graph/score_counts.hpp"
#include "metamict/cut.hpp"
#include "rules/joining.hpp"
#include "rules/resolving.hpp"

namespace metamict {

namespace {

constexpr Quantum highest = std::numeric_limits<Quantum>::max();

/// The cosine, or what rises with it evenly, that a quantum stands for.
double cosine_of(const Similarity& similarity, std::size_t q) {
  if (similarity.scale != SimilarityScale::angle) return static_cast<double>(q);
  const double widest = std::acos(similarity.statistics.min_cosine),
               closest = std::acos(similarity.statistics.max_cosine);
  return std::cos(widest - static_cast<double>(q) / highest * (widest - closest));
}

/// For each quantum in [low, high] the one of its cosine, stretched to all quanta.
std::vector<Quantum> stretched(const Similarity& similarity, Quantum low, Quantum high) {
  std::vector<Quantum> table(quanta, highest);
  const double least = cosine_of(similarity, low), most = cosine_of(similarity, high);
  if (most > least)
    for (std::size_t q = low; q <= high; ++q)
      table[q] = static_cast<Quantum>(
          std::lround((cosine_of(similarity, q) - least) * highest / (most - least)));
  return table;
}

SimilarityStatistics statistics_of(std::size_t chips,
                                   const std::vector<std::vector<std::uint64_t>>& counts) {
  SimilarityStatistics statistics;
  statistics.counts.assign(quanta, 0);
  statistics.pairs = chips * (chips - 1) / 2;
  for (const std::vector<std::uint64_t>& some : counts)
    for (std::size_t q = 0; q < quanta; ++q) statistics.counts[q] += some[q];
  statistics.mean = mean_of(statistics.counts, statistics.pairs);
  return statistics;
}

}  // namespace

Similarity restrict_to(const Similarity& similarity, const Nodes& chips,
                       const Resources& resources) {
  constexpr std::size_t chips_a_thread = 256;  // fewer are done sooner by one
  const int threads = std::clamp(static_cast<int>(chips.size() / chips_a_thread), 1,
                                 std::max(resources.threads, 1));
  const auto workers = static_cast<std::size_t>(threads);
  std::vector<Quantum> lows(workers, highest), highs(workers, 0);
  parallel_for(chips.size(), threads, [&](std::size_t worker, std::size_t i) {
    const Quantum* row = similarity.scores->row(chips[i]);
    Quantum low = highest, high = 0;
    for (std::size_t j = 0; j < i; ++j) {
      low = std::min(low, row[chips[j]]);
      high = std::max(high, row[chips[j]]);
    }
    lows[worker] = std::min(lows[worker], low);
    highs[worker] = std::max(highs[worker], high);
  });
  const std::vector<Quantum> table =
      stretched(similarity, *std::min_element(lows.begin(), lows.end()),
                *std::max_element(highs.begin(), highs.end()));
  std::vector<std::vector<std::uint64_t>> counts(workers, std::vector<std::uint64_t>(quanta, 0));
  auto scores = std::make_shared<ScoreMatrix>(chips.size(), resources.spill);
  parallel_for(chips.size(), threads, [&](std::size_t worker, std::size_t i) {
    const Quantum* from = similarity.scores->row(chips[i]);
    Quantum* to = scores->row(i);
    for (std::size_t j = 0; j < chips.size(); ++j) to[j] = table[from[chips[j]]];
    to[i] = 0;
    for (std::size_t j = 0; j < i; ++j) ++counts[worker][to[j]];
  });
  Similarity part;
  part.statistics = statistics_of(chips.size(), counts);
  part.scores = std::move(scores);
  return part;
}

std::vector<Nodes> Splitter::split(const Nodes& chips) {
  if (chips.size() < 2 * field_.smallest_part() || !may_hold_a_border(field_, chips))
    return settled(chips);
  const Communities found = communities_of(chips);
  const std::vector<Nodes> proposed = regions_among(field_, chips, found);
  if (proposed.empty()) return settled(chips);
  const std::vector<Nodes> distinct = join_alike(field_, proposed);
  const bool clear = distinct.size() > 1;
  if (clear) note_stability(chips, found);
  const std::vector<Nodes>& parts = clear ? distinct : proposed;
  std::vector<std::vector<Nodes>> inner(parts.size());
  const int workers = at_once(scene_.similarity.nodes(), resources_.threads);
  parallel_for(parts.size(), workers, [&](std::size_t, std::size_t i) {
    inner[i] = split(parts[i]);
    // What lies on one side of a border is joined before it meets the other side, lest border chips
    // bridge the two.
    if (clear) inner[i] = join_alike(field_, std::move(inner[i]));
  });
  std::vector<Nodes> pieces;
  for (std::vector<Nodes>& some : inner)
    std::move(some.begin(), some.end(), std::back_inserter(pieces));
  return pieces;
}

/// Of more chips than a graph can hold, a sample makes the graph, and the others join it.
Communities Splitter::communities_of(const Nodes& chips) {
  std::size_t most = chips.size();
  if (scene_.look.share < 1)
    most = std::max(field_.smallest_part(),
                    static_cast<std::size_t>(scene_.look.share * static_cast<double>(most)));
  if (scene_.sampled) most = std::min(most, sample_chips);
  const bool too_many = chips.size() > most;
  const std::uint64_t seed = options_.seed + scene_.look.seed - 1;
  const Nodes some = too_many ? sample_of(field_.grid(), chips, most, seed) : chips;
  const Similarity own = similarity_of_(some);
  const auto still_at_work = [this](std::string_view, std::size_t, std::size_t) { tell(); };
  Communities found = find_communities(link(own, choose_cut(own, parse_cut_rule("mean"))), options_,
                                       resources_, still_at_work);
  const std::scoped_lock lock(noting_);
  if (communities_.engine.empty()) communities_.engine = found.engine;
  return too_many ? spread(found, some, chips, field_.rows_ND(), resources_.threads) : found;
}

std::vector<Nodes> Splitter::settled(const Nodes& chips) {
  settled_ += chips.size();
  tell();
  return {chips};
}

void Splitter::tell() const {
  if (progress_) progress_("communities", settled_, scene_.chips.size());
}

void Splitter::note_stability(const Nodes& chips, const Communities& found) {
  const std::scoped_lock lock(noting_);
  communities_.stability = std::min(communities_.stability, found.stability);
  for (std::size_t i = 0; i < chips.size(); ++i)
    communities_.node_stability[chips[i]] *= found.node_stability[i];
}

}  // namespace metamict
