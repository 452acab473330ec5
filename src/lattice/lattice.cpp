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

/// What is looked at of an image: all of it or, where an edge is longer than a part's, up to three
/// parts along it, spread evenly. So the search takes the same memory for any size.
std::vector<cv::Rect> parts_of(cv::Size size) {
  static constexpr int edge_px = 2048, most = 3;
  const auto starts = [](int length) {
    const int count = std::clamp((length + edge_px - 1) / edge_px, 1, most);
    std::vector<int> places;
    for (int k = 0; k < count; ++k)
      places.push_back(count == 1 ? 0 : (length - edge_px) / (count - 1) * k);
    return places;
  };
  std::vector<cv::Rect> parts;
  for (const int top : starts(size.height))
    for (const int left : starts(size.width))
      parts.emplace_back(left, top, std::min(size.width, edge_px), std::min(size.height, edge_px));
  return parts;
}

/// Whether most parts' spectra have this period.
bool is_of_spectra(const std::vector<ReciprocalLattice>& spectra, double period_px) {
  const auto agreeing = std::count_if(spectra.begin(), spectra.end(), [&](const auto& lattice) {
    return std::abs(lattice.period_px() / period_px - 1) < 0.05;
  });
  return 2 * agreeing > std::ssize(spectra);
}

}  // namespace

LatticeFinding measure_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  assert(options.min_period_px >= 2 && options.max_period_px > options.min_period_px);
  const cv::Mat pixels = with_square_pixels(micrograph).pixels;
  if (std::min(pixels.rows, pixels.cols) < least_edge_px) return {};
  std::vector<ReciprocalLattice> spectra;  // the best of each part that has one
  std::vector<std::vector<Elected>> votes;
  for (const cv::Rect& place : parts_of(pixels.size())) {
    const cv::Mat part = pixels(place);
    const std::vector<ReciprocalLattice> spectral = lattices_of_spectra(part, options);
    const Repeats repeats(part, options.min_period_px, options.max_period_px, options.threads);
    votes.push_back(elect(repeats, candidates(spectral, repeats), options.threads));
    if (!spectral.empty()) spectra.push_back(spectral.front());
  }
  const std::vector<Elected> elected = together(votes);
  if (elected.empty()) {  // too noisy for single windows: the spectrum, which adds them up, has the
                          // word
    if (spectra.empty()) return {};
    const auto clearest =
        std::max_element(spectra.begin(), spectra.end(),
                         [](const auto& a, const auto& b) { return a.confidence < b.confidence; });
    return {lattice_of(cell_of(*clearest), 1), {}};
  }
  const Elected& first = elected.front();
  if (spectra.empty() && (first.alike < clearly_alike || !has_texture(pixels))) return {};
  const double second = elected.size() > 1 ? elected[1].share : 0;
  // The spectrum is a second witness: against it more of the windows have to agree.
  const double needed = is_of_spectra(spectra, first.cell.period_px()) ? 1.0 / 2 : 2.0 / 3;
  if (first.share > needed && second < clear_margin * first.share)
    return {lattice_of(first.cell, first.share), {}};
  return {{}, periods(elected)};
}

std::optional<Lattice> find_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  return measure_lattice(micrograph, options).lattice;
}

}  // namespace metamict
