// SPDX-License-Identifier: GPL-3.0-or-later
#include "lattice/lattice_votes.hpp"

#include <algorithm>
#include <cmath>

#include "base/parallel.hpp"

namespace metamict {
namespace {

constexpr float repeating =
    0.15F;  // a window less alike to itself moved than this shows no lattice
constexpr double nearly =
    0.92;  // of the best correlation, as far as chance takes one translation from the next
constexpr double one_size = 1.12;    // areas nearer than this are measurements of one cell
constexpr double one_period = 1.04;  // so are periods

struct Ballot {
  std::vector<std::vector<float>> alike;  ///< by candidate and window
  std::vector<std::vector<std::size_t>> voters;
  std::size_t windows = 0, cast = 0;
};

/// The candidate that a window votes for: of the cells that explain it nearly as well as any, the
/// smallest.
std::size_t vote(const std::vector<Cell>& candidates, const Ballot& ballot, std::size_t window,
                 float best) {
  double smallest = 1e30;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    if (ballot.alike[i][window] >= nearly * best)
      smallest = std::min(smallest, candidates[i].area());
  std::size_t chosen = candidates.size();
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (ballot.alike[i][window] < nearly * best || candidates[i].area() > one_size * smallest)
      continue;
    if (chosen == candidates.size() || ballot.alike[i][window] > ballot.alike[chosen][window])
      chosen = i;
  }
  return chosen;
}

Ballot cast_votes(const Repeats& repeats, const std::vector<Cell>& candidates, int threads) {
  Ballot ballot;
  ballot.alike.resize(candidates.size());
  parallel_for(candidates.size(), threads, [&](std::size_t, std::size_t i) {
    ballot.alike[i] = repeats.in_windows(candidates[i]);
  });
  ballot.voters.resize(candidates.size());
  ballot.windows = ballot.alike.front().size();
  for (std::size_t window = 0; window < ballot.windows; ++window) {
    float best = -1;
    for (const auto& alike : ballot.alike) best = std::max(best, alike[window]);
    if (best < repeating) continue;
    ballot.voters[vote(candidates, ballot, window, best)].push_back(window);
    ++ballot.cast;
  }
  return ballot;
}

double mean_alike(const Ballot& ballot, std::size_t candidate) {
  double sum = 0;
  for (const std::size_t window : ballot.voters[candidate]) sum += ballot.alike[candidate][window];
  return sum / static_cast<double>(ballot.voters[candidate].size());
}

/// Adds votes to those for the same period, whose cell stays, or as those for a new one.
void add(const Elected& one, std::vector<Elected>& elected) {
  const auto known = std::find_if(elected.begin(), elected.end(), [&one](const Elected& other) {
    const double ratio = other.cell.period_px() / one.cell.period_px();
    return std::max(ratio, 1 / ratio) < one_period;
  });
  if (known == elected.end())
    elected.push_back(one);
  else
    known->votes += one.votes;
}

/// Turns votes into shares, the most first.
void count(std::vector<Elected>& elected) {
  std::size_t cast = 0;
  for (const Elected& one : elected) cast += one.votes;
  for (Elected& one : elected)
    one.share = static_cast<double>(one.votes) / static_cast<double>(cast);
  std::stable_sort(elected.begin(), elected.end(),
                   [](const Elected& a, const Elected& b) { return a.votes > b.votes; });
}

}  // namespace

std::vector<Elected> together(const std::vector<std::vector<Elected>>& parts) {
  std::vector<Elected> all, elected;
  for (const std::vector<Elected>& part : parts) all.insert(all.end(), part.begin(), part.end());
  // The cell that most windows of one part voted for stands for its period.
  std::stable_sort(all.begin(), all.end(),
                   [](const Elected& a, const Elected& b) { return a.votes > b.votes; });
  for (const Elected& one : all) add(one, elected);
  count(elected);
  return elected;
}

std::vector<Elected> elect(const Repeats& repeats, const std::vector<Cell>& candidates,
                           int threads) {
  if (candidates.empty()) return {};
  const Ballot ballot = cast_votes(repeats, candidates, threads);
  if (10 * ballot.cast < ballot.windows) return {};
  std::vector<std::size_t> order(candidates.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return ballot.voters[a].size() > ballot.voters[b].size();
  });
  std::vector<Elected> elected;
  for (const std::size_t i : order) {
    if (ballot.voters[i].empty()) break;
    add({repeats.refined(candidates[i], ballot.voters[i]), ballot.voters[i].size(), 0,
         mean_alike(ballot, i)},
        elected);
  }
  count(elected);
  return elected;
}

}  // namespace metamict
