// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/lattice.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "lattice/lattice_cell.hpp"
#include "lattice/lattice_repeat.hpp"
#include "lattice/lattice_search.hpp"
#include "lattice/lattice_spectrum.hpp"
#include "lattice/lattice_votes.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

constexpr double fallback_px = 64, least_fallback_px = 8;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string describe(const cv::Size& size) {
  return std::to_string(size.width) + " x " + std::to_string(size.height) + " px";
}

constexpr int least_edge_px = 48;      // of an image with windows to compare
constexpr double clear_margin = 0.7;   // a second period with a larger share of the first's votes makes it uncertain
constexpr double clearly_alike = 0.3;  // correlation that neither noise nor speckle reach
constexpr std::size_t most_candidates = 12;

/// The image enlarged along the longer edge of its pixels.
cv::Mat with_square_pixels(const cv::Mat& pixels, double aspect) {
  if (aspect == 1) return pixels;
  cv::Mat square;
  cv::resize(pixels, square, {}, std::max(1.0, 1 / aspect), std::max(1.0, aspect), cv::INTER_CUBIC);
  return square;
}

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
  return std::min({repeats.at(cell.t), repeats.at(cell.u), repeats.at(cell.t + cell.u), repeats.at(cell.t - cell.u)});
}

/// Blur makes short vectors alike, the shorter the more: between the translations of a crystal it is less alike.
bool is_blur(const Repeats& repeats, cv::Point2d t) {
  const double here = repeats.at(t), nearer = repeats.at(0.75 * t);
  return here > 0 && nearer >= here && repeats.at(0.5 * t) >= nearer;
}

/// The cells of the spectra and of single windows, each once, those that most of the image shows.
std::vector<Cell> candidates(const std::vector<ReciprocalLattice>& spectral, const Repeats& repeats) {
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
  std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) { return a.weight > b.weight; });
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < std::min(all.size(), most_candidates); ++i) cells.push_back(all[i].cell);
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

/// "11.4, 8.06 or 5.2".
std::string alternatives(const std::vector<double>& values) {
  std::string text = number(values.front());
  for (std::size_t i = 1; i < values.size(); ++i) text += (i + 1 < values.size() ? ", " : " or ") + number(values[i]);
  return text;
}

/// What the image itself says, or the fallback with a note.
ChipSize measure(const Micrograph& micrograph, const ChipSizeOptions& options) {
  ChipSize chip;
  const LatticeFinding finding = measure_lattice(micrograph, {.threads = options.threads});
  chip.lattice = finding.lattice;
  chip.lattice_candidates_px = finding.candidates_px;
  if (chip.lattice) {
    chip.size_px = options.cells_per_chip * chip.lattice->period_px;
    chip.source = "measured lattice";
    return chip;
  }
  const double shorter_px = std::min(micrograph.pixels.rows, micrograph.pixels.cols);
  if (!finding.candidates_px.empty()) {
    chip.size_px = std::min(options.cells_per_chip * finding.candidates_px.front(), shorter_px);
    chip.source = "likeliest lattice";
    chip.notes.push_back("the lattice period is uncertain (" + alternatives(finding.candidates_px) +
                         " px, the likeliest first), so chips of " + number(chip.size_px) +
                         " px are used after the first; --chip-size, or --lattice-nm with a pixel size, settles it");
    return chip;
  }
  chip.size_px = std::clamp(std::floor(shorter_px / 8), least_fallback_px, fallback_px);
  chip.source = "fallback";
  chip.notes.push_back("no lattice was found in the image, so chips of " + number(chip.size_px) +
                       " px are used; give --chip-size, or --lattice-nm with a pixel size, if you know better");
  return chip;
}

}  // namespace

LatticeFinding measure_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  assert(options.min_period_px >= 2 && options.max_period_px > options.min_period_px && options.pixel_aspect > 0);
  const cv::Mat pixels = with_square_pixels(micrograph.pixels, options.pixel_aspect);
  const std::vector<ReciprocalLattice> spectral = lattices_of_spectra(pixels, options);
  if (std::min(pixels.rows, pixels.cols) < least_edge_px) return {};
  const Repeats repeats(pixels, options.min_period_px, options.max_period_px, options.threads);
  const std::vector<Elected> elected = elect(repeats, candidates(spectral, repeats), options.threads);
  if (elected.empty()) {  // too noisy for single windows: the spectrum, which adds them up, has the word
    if (spectral.empty()) return {};
    return {lattice_of(cell_of(spectral.front()), 1), {}};
  }
  const Elected& first = elected.front();
  if (spectral.empty() && (first.alike < clearly_alike || !has_texture(pixels))) return {};
  const double second = elected.size() > 1 ? elected[1].share : 0;
  // The spectrum is a second witness: against it more of the windows have to agree.
  const double of_spectrum = spectral.empty() ? 0 : spectral.front().period_px() / first.cell.period_px();
  const double needed = std::abs(of_spectrum - 1) < 0.05 ? 1.0 / 2 : 2.0 / 3;
  if (first.share > needed && second < clear_margin * first.share) return {lattice_of(first.cell, first.share), {}};
  return {{}, periods(elected)};
}

std::optional<Lattice> find_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  return measure_lattice(micrograph, options).lattice;
}

ChipSize choose_chip_size(const Micrograph& micrograph, const ChipSizeOptions& options) {
  ChipSize chip;
  if (options.chip_size_px) {
    chip.size_px = *options.chip_size_px;
    chip.source = "given";
  } else if (options.lattice_nm) {
    if (!(*options.lattice_nm > 0))
      throw UsageError("the lattice period is " + number(*options.lattice_nm) + " nm: give a positive number");
    if (!micrograph.nm_per_pixel)
      throw UsageError("a lattice period of " + number(*options.lattice_nm) +
                       " nm is given but the image's pixel size is not known: give --pixel-size too");
    chip.size_px = options.cells_per_chip * *options.lattice_nm / *micrograph.nm_per_pixel;
    chip.source = "given lattice and pixel size";
  } else {
    chip = measure(micrograph, options);
  }
  if (!(chip.size_px >= 1) || !std::isfinite(chip.size_px))
    throw UsageError("the chip size is " + number(chip.size_px) + " px (" + chip.source +
                     "): a chip is at least one pixel");
  if (chip.size_px > std::min(micrograph.pixels.rows, micrograph.pixels.cols))
    throw InputError("the chip size is " + number(chip.size_px) + " px (" + chip.source + ") but the image is " +
                     describe(micrograph.pixels.size()) + ": give a smaller --chip-size");
  return chip;
}

}  // namespace metamict
