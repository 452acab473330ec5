// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/chip_size.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "metamict/errors.hpp"

namespace metamict {
namespace {

constexpr double fallback_px = 64, least_fallback_px = 8;
constexpr double least_chip_px = 4;

std::string shown(double value) { return significant(value, 4); }

std::string describe(const cv::Size& size) {
  return std::to_string(size.width) + " x " + std::to_string(size.height) + " px";
}

/// "11.4, 8.06 or 5.2".
std::string alternatives(const std::vector<double>& values) {
  std::string text = shown(values.front());
  for (std::size_t i = 1; i < values.size(); ++i)
    text += (i + 1 < values.size() ? ", " : " or ") + shown(values[i]);
  return text;
}

/// What the image itself says, or the fallback with a note.
ChipSize measure(const Micrograph& micrograph, double shorter_px, double cells_per_chip,
                 int threads) {
  ChipSize chip;
  const LatticeFinding finding = measure_lattice(micrograph, {.threads = threads});
  chip.lattice = finding.lattice;
  chip.lattice_candidates_px = finding.candidates_px;
  if (chip.lattice) {
    chip.size_px = cells_per_chip * chip.lattice->period_px;
    chip.source = "measured lattice";
    return chip;
  }
  if (!finding.candidates_px.empty()) {
    chip.size_px = std::min(cells_per_chip * finding.candidates_px.front(), shorter_px);
    chip.source = "likeliest lattice";
    chip.notes.push_back("the lattice period is uncertain (" + alternatives(finding.candidates_px) +
                         " px, the likeliest first), so chips of " + shown(chip.size_px) +
                         " px are used after the first; --chip-size, or --lattice-nm with a pixel "
                         "size, settles it");
    return chip;
  }
  chip.size_px = std::clamp(std::floor(shorter_px / 8), least_fallback_px, fallback_px);
  chip.source = "fallback";
  chip.notes.push_back("no lattice was found in the image, so chips of " + shown(chip.size_px) +
                       " px are used; give --chip-size, or --lattice-nm with a pixel size, if you "
                       "know better");
  return chip;
}

}  // namespace

void ChipSizeOptions::check() const {
  if (chip_size_px && !(std::isfinite(*chip_size_px) && *chip_size_px >= least_chip_px))
    throw UsageError("the chip size is " + shown(*chip_size_px) + " px but a chip has at least " +
                     shown(least_chip_px) + " px");
  if (lattice_nm && !(std::isfinite(*lattice_nm) && *lattice_nm > 0))
    throw UsageError("the lattice period is " + shown(*lattice_nm) + " nm: give a positive number");
  if (stride_px && !(std::isfinite(*stride_px) && *stride_px > 0))
    throw UsageError("the stride is " + shown(*stride_px) + " px: give a positive number");
  if (chip_size_px && stride_px && *stride_px > *chip_size_px)
    throw UsageError("stride is " + shown(*stride_px) + " px but a chip is only " +
                     shown(*chip_size_px) + " px: give a stride of at most the chip size");
}

ChipSize choose_chip_size(const Micrograph& micrograph, const ChipSizeOptions& options,
                          double cells_per_chip, int threads) {
  options.check();
  const cv::Point2d factors = to_square_pixels(micrograph.pixel_aspect);
  const double shorter_px =
      std::min(micrograph.pixels.rows * factors.y, micrograph.pixels.cols * factors.x);
  ChipSize chip;
  if (options.chip_size_px) {
    chip.size_px = *options.chip_size_px;
    chip.source = "given";
  } else if (options.lattice_nm) {
    if (!micrograph.nm_per_pixel)
      throw UsageError(
          "a lattice period of " + shown(*options.lattice_nm) +
          " nm is given but the image's pixel size is not known: give --pixel-size too");
    chip.size_px = cells_per_chip * *options.lattice_nm / *micrograph.nm_per_pixel;
    chip.source = "given lattice and pixel size";
  } else {
    chip = measure(micrograph, shorter_px, cells_per_chip, threads);
  }
  if (!(chip.size_px >= 1) || !std::isfinite(chip.size_px))
    throw UsageError("the chip size is " + shown(chip.size_px) + " px (" + chip.source +
                     "): a chip is at least one pixel");
  if (chip.size_px > shorter_px)
    throw InputError("the chip size is " + shown(chip.size_px) + " px (" + chip.source +
                     ") but the image is " + describe(micrograph.pixels.size()) +
                     ": give a smaller --chip-size");
  return chip;
}

}  // namespace metamict
