// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/lattice.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "lattice/lattice_cell.hpp"
#include "lattice/lattice_repeat.hpp"
#include "lattice/lattice_search.hpp"
#include "lattice/lattice_spectrum.hpp"
#include "lattice/lattice_votes.hpp"

namespace metamict {
namespace {

constexpr int least_edge_px = 48;  // of an image with windows to compare
constexpr double clear_margin =
    0.7;  // a second period with a larger share of the first's votes makes it uncertain
constexpr double clearly_alike = 0.3;  // correlation that neither noise nor speckle reach
constexpr std::size_t most_candidates = 12;

Cell cell_of(const ReciprocalLattice& lattice) {
  const auto [t, u] = lattice.translations_px();
  return {t, u};
}

Lattice lattice_of(const Cell& cell, double share) {
  const cv::Point2d g(cell.t.y, -cell.t.x);  // the shortest stands on the shortest translation
  const double angle_deg = std::fmod(std::atan2(g.y, g.x) * 180 / std::numbers::pi + 360, 180);
  return {cell.period_px(), angle_deg, share};
}

/// How alike the image is to itself moved by all the short translations of a cell.
double alike(const Repeats& repeats, const Cell& cell) {
  return std::min({repeats.at(cell.t), repeats.at(cell.u), repeats.at(cell.t + cell.u),
                   repeats.at(cell.t - cell.u)});
}

/// Blur makes short vectors alike, the shorter the more: between the translations of a crystal it
/// is less alike.
bool is_blur(const Repeats& repeats, cv::Point2d t) {
  const double here = repeats.at(t), nearer = repeats.at(0.75 * t);
  return here > 0 && nearer >= here && repeats.at(0.5 * t) >= nearer;
}

/// The cells of the spectra and of single windows, each once, those that most of the image shows.
std::vector<Cell> candidates(const std::vector<ReciprocalLattice>& spectral,
                             const Repeats& repeats) {
  struct Candidate {
    Cell cell;
    double weight;
  };
  std::vector<Candidate> all;
  const auto add = [&](const Cell& cell, double times) {
    for (const Candidate& known : all)
      if (known.cell.same_lattice(cell)) return;
    if (is_blur(repeats, cell.t) || is_blur(repeats, cell.u)) return;
    all.push_back({cell, times * std::max(0.02, alike(repeats, cell))});
  };
  for (const ReciprocalLattice& lattice : spectral) add(cell_of(lattice), 2);
  const std::size_t of_spectra = all.size();
  for (const Repeats::Seen& seen : repeats.cells()) {
    for (std::size_t i = 0; i < of_spectra; ++i)
      if (all[i].cell.same_lattice(seen.cell)) all[i].weight *= (2.0 + seen.windows) / 2;
    add(seen.cell, seen.windows);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.weight > b.weight; });
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < std::min(all.size(), most_candidates); ++i)
    cells.push_back(all[i].cell);
  return cells;
}

std::vector<double> periods(const std::vector<Elected>& elected) {
  std::vector<double> periods;
  for (const Elected& one : elected) {
    if (!periods.empty() && one.share < 0.1) break;
    periods.push_back(one.cell.period_px());
  }
  return periods;
}

}  // namespace

LatticeFinding measure_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  assert(options.min_period_px >= 2 && options.max_period_px > options.min_period_px);
  const cv::Mat pixels = with_square_pixels(micrograph).pixels;
  const std::vector<ReciprocalLattice> spectral = lattices_of_spectra(pixels, options);
  if (std::min(pixels.rows, pixels.cols) < least_edge_px) return {};
  const Repeats repeats(pixels, options.min_period_px, options.max_period_px, options.threads);
  const std::vector<Elected> elected =
      elect(repeats, candidates(spectral, repeats), options.threads);
  if (elected.empty()) {  // too noisy for single windows: the spectrum, which adds them up, has the
                          // word
    if (spectral.empty()) return {};
    return {lattice_of(cell_of(spectral.front()), 1), {}};
  }
  const Elected& first = elected.front();
  if (spectral.empty() && (first.alike < clearly_alike || !has_texture(pixels))) return {};
  const double second = elected.size() > 1 ? elected[1].share : 0;
  // The spectrum is a second witness: against it more of the windows have to agree.
  const double of_spectrum =
      spectral.empty() ? 0 : spectral.front().period_px() / first.cell.period_px();
  const double needed = std::abs(of_spectrum - 1) < 0.05 ? 1.0 / 2 : 2.0 / 3;
  if (first.share > needed && second < clear_margin * first.share)
    return {lattice_of(first.cell, first.share), {}};
  return {{}, periods(elected)};
}

std::optional<Lattice> find_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  return measure_lattice(micrograph, options).lattice;
}

}  // namespace metamict
