// SPDX-License-Identifier: GPL-3.0-or-later
#include "lattice/chip_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/parallel.hpp"
#include "image/hann_window.hpp"

namespace metamict {

namespace {

// In cycles per chip. With 4 periods to a chip its lattice begins at 4; beyond 15 the probe leaves
// little.
constexpr double lowest = 2.5, highest = 15.0;
constexpr double noise_from = 0.40;  // of the sampling frequency: above, all is noise

struct Bin {
  int y, x;
};

/// The half plane of the spectrum where the lattice stands, and where only noise does.
struct Bins {
  std::vector<Bin> lattice, noise;
  explicit Bins(int size) {
    for (int y = 0; y < size; ++y)
      for (int x = 0; x <= size / 2; ++x) {
        const double radius = std::hypot(y <= size / 2 ? y : y - size, x);
        if (radius >= lowest && radius <= highest) lattice.push_back({y, x});
        if (radius >= noise_from * size) noise.push_back({y, x});
      }
  }
};

double power_at(const cv::Mat& spectrum, Bin bin) {
  const auto& value = spectrum.at<cv::Vec2f>(bin.y, bin.x);
  return static_cast<double>(value[0]) * value[0] + static_cast<double>(value[1]) * value[1];
}

}  // namespace

RowMatrixXf chip_spectra(const Micrograph& canonical, const ChipGrid& grid, const Nodes& chips,
                         int threads) {
  const Bins bins(grid.size_px);
  const cv::Mat window = hann_window(grid.size_px);
  RowMatrixXf rows_ND(static_cast<Eigen::Index>(chips.size()),
                      static_cast<Eigen::Index>(bins.lattice.size()));
  constexpr std::size_t chips_a_piece = 64;
  const std::size_t pieces = (chips.size() + chips_a_piece - 1) / chips_a_piece;
  parallel_for(pieces, threads, [&](std::size_t, std::size_t piece) {
    cv::Mat tapered, spectrum;
    const std::size_t first = piece * chips_a_piece,
                      last = std::min(chips.size(), first + chips_a_piece);
    for (std::size_t i = first; i < last; ++i) {
      const cv::Mat chip = canonical.pixels(grid.chip(chips[i]));
      tapered = (chip - cv::mean(chip)[0]).mul(window);
      cv::dft(tapered, spectrum, cv::DFT_COMPLEX_OUTPUT);
      double floor = 0;
      for (const Bin bin : bins.noise)
        floor += power_at(spectrum, bin) / static_cast<double>(bins.noise.size());
      auto row = rows_ND.row(static_cast<Eigen::Index>(i));
      for (std::size_t k = 0; k < bins.lattice.size(); ++k)
        row[static_cast<Eigen::Index>(k)] = static_cast<float>(
            std::sqrt(std::max(0.0, power_at(spectrum, bins.lattice[k]) - floor)));
      if (const float length = row.norm(); length > 0) row /= length;
    }
  });
  return rows_ND;
}

}  // namespace metamict
