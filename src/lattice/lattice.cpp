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

/// What the image itself says, or the fallback with a note.
ChipSize measure(const Micrograph& micrograph, const ChipSizeOptions& options) {
  ChipSize chip;
  chip.lattice = find_lattice(micrograph, {.threads = options.threads});
  if (chip.lattice) {
    chip.size_px = options.cells_per_chip * chip.lattice->period_px;
    chip.source = "measured lattice";
    return chip;
  }
  const double shorter_px = std::min(micrograph.pixels.rows, micrograph.pixels.cols);
  chip.size_px = std::clamp(std::floor(shorter_px / 8), least_fallback_px, fallback_px);
  chip.source = "fallback";
  chip.notes.push_back("no lattice was found in the image, so chips of " + number(chip.size_px) +
                       " px are used; give --chip-size, or --lattice-nm with a pixel size, if you know better");
  return chip;
}

}  // namespace

std::optional<Lattice> find_lattice(const Micrograph& micrograph, const LatticeOptions& options) {
  assert(options.min_period_px >= 2 && options.max_period_px > options.min_period_px);
  const std::vector<ReciprocalLattice> found = find_lattices(micrograph.pixels, options, 1);
  if (found.empty()) return {};
  const ReciprocalLattice& lattice = found.front();
  double angle_deg = std::atan2(lattice.g1.y, lattice.g1.x) * 180 / std::numbers::pi;
  angle_deg = std::fmod(angle_deg + 360, 180);
  return Lattice{lattice.period_px(), angle_deg, lattice.confidence};
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
