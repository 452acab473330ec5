// SPDX-License-Identifier: GPL-3.0-or-later
#include "lattice/lattice_search.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <set>
#include <utility>

#include "base/parallel.hpp"
#include "lattice/lattice_spectrum.hpp"

namespace metamict {
namespace {

constexpr double seed_z = 4;     // a basis vector is a peak at least this high
constexpr double support_z = 3;  // lower peaks are noise
constexpr double evidence = 6;   // sum of the heights above support_z that makes a lattice
constexpr int seeds = 24;

/// Two reciprocal vectors in bins.
struct Basis {
  cv::Point2d a, b;
  cv::Point2d at(double h, double k) const { return h * a + k * b; }
  double area() const { return std::abs(a.cross(b)); }
};

/// The shortest basis of the same lattice, |a| <= |b| (Lagrange and Gauss).
Basis reduce(Basis basis) {
  for (int i = 0; i < 100; ++i) {
    if (basis.a.dot(basis.a) > basis.b.dot(basis.b)) std::swap(basis.a, basis.b);
    const double turns = std::round(basis.a.dot(basis.b) / basis.a.dot(basis.a));
    if (turns == 0) break;
    basis.b -= turns * basis.a;
  }
  return basis;
}

/// How far from its node a peak may be: the width of a peak and a little distortion.
double tolerance(cv::Point2d node) { return 0.8 + 0.008 * std::hypot(node.x, node.y); }

struct Match {
  int h, k;
  std::size_t peak;
};

/// The strongest peak near each node (h, k) of the half plane h > 0 or h = 0, k > 0 within `reach`
/// bins; peaks are sorted by height.
std::vector<Match> match_nodes(const Basis& basis, const std::vector<SpectrumPeak>& peaks,
                               double reach, int order) {
  std::vector<Match> matches;
  for (int h = 0; h <= order; ++h)
    for (int k = h == 0 ? 1 : -order; k <= order; ++k) {
      cv::Point2d node = basis.at(h, k);
      if (std::hypot(node.x, node.y) > reach) continue;
      const double limit = tolerance(node);
      for (std::size_t peak = 0; peak < peaks.size(); ++peak) {
        const cv::Point2d direct = peaks[peak].at - node, mirrored = peaks[peak].at + node;
        if (std::min(direct.dot(direct), mirrored.dot(mirrored)) > limit * limit) continue;
        matches.push_back({h, k, peak});
        break;
      }
    }
  return matches;
}

/// Least squares over the matched peaks, weighted by their height; the basis itself when they do
/// not fix one.
Basis refine(const Basis& basis, const std::vector<SpectrumPeak>& peaks,
             const std::vector<Match>& matches) {
  double hh = 0, hk = 0, kk = 0;
  cv::Point2d hp, kp;
  for (const Match& match : matches) {
    cv::Point2d at = peaks[match.peak].at;
    if (at.dot(basis.at(match.h, match.k)) < 0) at = -at;
    const double weight = peaks[match.peak].z;
    hh += weight * match.h * match.h;
    hk += weight * match.h * match.k;
    kk += weight * match.k * match.k;
    hp += weight * match.h * at;
    kp += weight * match.k * at;
  }
  const double determinant = hh * kk - hk * hk;
  if (determinant < 1e-6 * (hh + kk) * (hh + kk)) return basis;
  return {(kk * hp - hk * kp) / determinant, (hh * kp - hk * hp) / determinant};
}

struct Fit {
  Basis basis;
  double score = 0, confidence = 0;
};

/// How well a basis explains the peaks: each adds its height times the surprise of finding it on so
/// sparse a mesh.
std::optional<Fit> fit(Basis basis, const std::vector<SpectrumPeak>& peaks, double reach) {
  basis = reduce(refine(basis, peaks, match_nodes(basis, peaks, reach, 1)));
  const std::vector<Match> matches = match_nodes(basis, peaks, reach, 4);
  basis = refine(basis, peaks, matches);
  double heights = 0, first = 0, second = 0, off_a = 0, off_b = 0;
  for (const Match& match : matches) {
    const double z = peaks[match.peak].z;
    heights += z - support_z;
    if (match.k != 0) off_a += z - support_z;
    if (match.h != 0) off_b += z - support_z;
    if (match.h == 1 && match.k == 0) first = z;
    if (match.h == 0 && match.k == 1) second = z;
  }
  if (first <= 0 || second <= 0 || heights < evidence || std::min(off_a, off_b) < evidence / 2)
    return {};  // stripes are no lattice
  const double limit = tolerance(basis.b);
  const double by_chance =
      std::min(0.9, std::numbers::pi * limit * limit / std::max(basis.area(), 1.0));
  return Fit{basis, -std::log(by_chance) * heights, (first + second) / 2};
}

struct Limits {
  double shortest, longest;  // of the geometric mean of |a| and |b|, in bins
  bool allow(const Basis& basis) const {
    const double a = std::hypot(basis.a.x, basis.a.y), b = std::hypot(basis.b.x, basis.b.y);
    const double mean = std::sqrt(a * b);
    return mean >= shortest && mean <= longest && b <= 3 * a;
  }
};

bool alike(const Basis& one, const Basis& other) {
  return cv::norm(one.a - other.a) < 0.5 && cv::norm(one.b - other.b) < 0.5;
}

/// Fits of pairs of strong peaks that are the shortest vectors of their own lattice, each once; the
/// best first.
std::vector<Fit> fit_pairs(const std::vector<SpectrumPeak>& peaks, const Limits& limits,
                           double reach) {
  std::vector<Fit> fits;
  for (std::size_t i = 0; i < peaks.size() && i < seeds && peaks[i].z >= seed_z; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const cv::Point2d a = peaks[i].at, b = peaks[j].at;
      const double shorter2 = std::min(a.dot(a), b.dot(b));
      if (std::abs(a.dot(b)) > 0.54 * shorter2 || !limits.allow({a, b})) continue;
      const std::optional<Fit> trial = fit({a, b}, peaks, reach);
      if (trial && limits.allow(trial->basis)) fits.push_back(*trial);
    }
  std::stable_sort(fits.begin(), fits.end(),
                   [](const Fit& one, const Fit& other) { return one.score > other.score; });
  std::vector<Fit> distinct;
  for (const Fit& one : fits)
    if (std::none_of(distinct.begin(), distinct.end(),
                     [&one](const Fit& other) { return alike(one.basis, other.basis); }))
      distinct.push_back(one);
  return distinct;
}

/// The larger cells of two and three times the area: bases of their reciprocal lattices in
/// fractions of ours.
constexpr std::array<std::array<double, 4>, 7> supercells{{{0.5, 0, 0, 1},
                                                           {1, 0, 0, 0.5},
                                                           {0.5, 0.5, 0.5, -0.5},
                                                           {1.0 / 3, 0, 0, 1},
                                                           {1, 0, 0, 1.0 / 3},
                                                           {1.0 / 3, 1.0 / 3, 1, 0},
                                                           {1.0 / 3, -1.0 / 3, 1, 0}}};

/// Weak peaks between the strong ones make the cell larger (the B column of a perovskite differs
/// from the A column), if there are more of them than chance would put there.
std::optional<Fit> enlarge_cell(const Fit& parent, const std::vector<SpectrumPeak>& peaks,
                                const Limits& limits, double reach) {
  const double half_plane = std::numbers::pi / 2 * reach * reach;
  std::vector<bool> ours(peaks.size(), false);
  for (const Match& match : match_nodes(parent.basis, peaks, reach, 8)) ours[match.peak] = true;
  const auto others = std::count(ours.begin(), ours.end(), false);
  std::optional<Fit> best;
  for (const auto& cell : supercells) {
    const Basis basis =
        reduce({parent.basis.at(cell[0], cell[1]), parent.basis.at(cell[2], cell[3])});
    if (!limits.allow(basis)) continue;
    const double near = std::min(reach, 2.3 * std::hypot(basis.b.x, basis.b.y));
    double heights = 0, found = 0, first_shell = 0;
    for (const Match& match : match_nodes(basis, peaks, near, 3)) {
      if (ours[match.peak]) continue;
      heights += peaks[match.peak].z - support_z;
      found += 1;
      if (match.h * match.h + match.k * match.k == 1) first_shell += 1;
    }
    const double limit = tolerance(basis.b),
                 nodes = std::numbers::pi / 2 * near * near / basis.area();
    const double by_chance =
        nodes * static_cast<double>(others) / half_plane * std::numbers::pi * limit * limit;
    if (first_shell < 1 || found < 2 + 3 * by_chance || heights < 3 + 3 * by_chance) continue;
    if (!best || heights > best->score) best = Fit{basis, heights, parent.confidence};
  }
  return best;
}

/// The fit itself, and the cells that weak peaks make of it.
std::vector<Fit> with_larger_cells(const Fit& fit, const std::vector<SpectrumPeak>& peaks,
                                   const Limits& limits, double reach) {
  std::vector<Fit> cells{fit};
  for (int i = 0; i < 2; ++i)
    if (const auto larger = enlarge_cell(cells.back(), peaks, limits, reach)) {
      cells.push_back(cells.back());
      cells.back().basis = larger->basis;
    }
  for (Fit& cell : cells)
    cell.basis = refine(cell.basis, peaks, match_nodes(cell.basis, peaks, reach, 4));
  return cells;
}

/// The peaks of the image's spectrum over tiles of one size.
struct Scale {
  Scale(const cv::Mat& pixels, int tile, const LatticeOptions& options, int cover_px)
      : tile_px(tile), limits{tile / options.max_period_px, tile / options.min_period_px} {
    const LocalSpectrum spectrum =
        local_spectrum(pixels, tile, 1.5 / options.min_period_px, cover_px);
    if (spectrum.height.empty()) return;
    reach = spectrum.reach - 2;
    noise = spectrum.noise;
    peaks = find_peaks(spectrum, std::max(4.5, 0.7 * limits.shortest));
  }
  ReciprocalLattice lattice(const Fit& fit) const {
    return {fit.basis.a / tile_px, fit.basis.b / tile_px, fit.confidence};
  }

  int tile_px;
  Limits limits;
  double reach = 0, noise = 0;
  std::vector<SpectrumPeak> peaks;
};

struct Found {
  std::vector<ReciprocalLattice> lattices;
  double score = 0;  ///< of the first; in units of log power, so that tile sizes compare
};

/// Lattices beside each other: each explains peaks that those before it leave.
Found beside_each_other(const Scale& scale, int most) {
  std::vector<SpectrumPeak> peaks = scale.peaks;
  Found result;
  while (std::ssize(result.lattices) < most) {
    const std::vector<Fit> fits = fit_pairs(peaks, scale.limits, scale.reach);
    if (fits.empty()) break;
    const Fit found = with_larger_cells(fits.front(), peaks, scale.limits, scale.reach).back();
    if (result.lattices.empty()) result.score = found.score * scale.noise;
    result.lattices.push_back(scale.lattice(found));
    std::vector<bool> explained(peaks.size(), false);
    for (const Match& match : match_nodes(found.basis, peaks, scale.reach, 8))
      explained[match.peak] = true;
    std::vector<SpectrumPeak> rest;
    for (std::size_t i = 0; i < peaks.size(); ++i)
      if (!explained[i]) rest.push_back(peaks[i]);
    peaks = std::move(rest);
  }
  return result;
}

/// Lattices instead of each other, the best first.
Found instead_of_each_other(const Scale& scale) {
  Found result;
  for (const Fit& fit : fit_pairs(scale.peaks, scale.limits, scale.reach)) {
    const std::vector<Fit> cells = with_larger_cells(fit, scale.peaks, scale.limits, scale.reach);
    if (result.lattices.empty()) result.score = fit.score * scale.noise;
    for (auto cell = cells.rbegin(); cell != cells.rend(); ++cell)
      result.lattices.push_back(scale.lattice(*cell));
  }
  return result;
}

/// The largest even edge with small prime factors that is at most length_px.
int even_edge(int length_px) {
  for (int edge = length_px / 2 * 2; edge > 32; edge -= 2)
    if (cv::getOptimalDFTSize(edge) == edge) return edge;
  return 32;
}

/// `search` at every scale of the image. Small tiles resolve grains and pockets, large ones long
/// periods, weak peaks and lattices that are nearly alike.
template <typename Search>
std::vector<Found> at_all_scales(const cv::Mat& pixels, const LatticeOptions& options, int cover_px,
                                 const Search& search) {
  const int shorter_px = std::min(pixels.rows, pixels.cols);
  if (shorter_px < 32) return {};
  std::vector<std::function<Found()>> scales;
  for (const int tile_px : std::set{std::min(128, even_edge(shorter_px)),
                                    even_edge(std::min(512, shorter_px * 3 / 4)), 256, 512})
    if (tile_px <= shorter_px)
      scales.emplace_back(
          [&, tile_px] { return search(Scale(pixels, tile_px, options, cover_px)); });
  if (shorter_px >= 2048)
    scales.emplace_back([&] {
      cv::Mat half;
      cv::pyrDown(pixels, half);
      Found found = search(Scale(half, 512,
                                 {.min_period_px = std::max(2.5, options.min_period_px / 2),
                                  .max_period_px = options.max_period_px / 2},
                                 cover_px));
      for (ReciprocalLattice& lattice : found.lattices) lattice.g1 *= 0.5, lattice.g2 *= 0.5;
      return found;
    });
  std::vector<Found> found(scales.size());
  parallel_for(scales.size(), options.threads,
               [&](std::size_t, std::size_t i) { found[i] = scales[i](); });
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.score > b.score; });
  return found;
}

}  // namespace

double ReciprocalLattice::period_px() const {
  return 1 / std::sqrt(std::hypot(g1.x, g1.y) * std::hypot(g2.x, g2.y));
}

std::pair<cv::Point2d, cv::Point2d> ReciprocalLattice::translations_px() const {
  const double area = g1.cross(g2);
  const Basis basis = reduce({cv::Point2d(g2.y, -g2.x) / area, cv::Point2d(-g1.y, g1.x) / area});
  return {basis.a, basis.b};
}

std::vector<ReciprocalLattice> find_lattices(const cv::Mat& pixels, const LatticeOptions& options,
                                             int most) {
  const std::vector<Found> found = at_all_scales(
      pixels, options, 1536, [most](const Scale& scale) { return beside_each_other(scale, most); });
  return found.empty() ? std::vector<ReciprocalLattice>() : found.front().lattices;
}

std::vector<ReciprocalLattice> lattices_of_spectra(const cv::Mat& pixels,
                                                   const LatticeOptions& options) {
  std::vector<ReciprocalLattice> all;
  for (const Found& found : at_all_scales(pixels, options, 896, instead_of_each_other))
    all.insert(all.end(), found.lattices.begin(), found.lattices.end());
  return all;
}

}  // namespace metamict
