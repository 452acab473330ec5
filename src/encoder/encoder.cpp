// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/encoder.hpp"

#include <algorithm>
#include <cmath>

namespace metamict {

void gather_chip(const cv::Mat& pixels, const cv::Rect& chip, Normalise normalise, float* out) {
  const auto edge = static_cast<std::size_t>(chip.width);
  float* to = out;
  for (int y = chip.y; y < chip.y + chip.height; ++y, to += edge)
    std::copy_n(pixels.ptr<float>(y) + chip.x, edge, to);
  if (normalise == Normalise::image) return;
  Eigen::Map<Eigen::ArrayXf> values(out, to - out);
  const auto exact = values.cast<double>();
  const double mean = exact.mean();
  const double deviation = std::sqrt((exact - mean).square().mean());
  // A chip whose spread is the rounding of its mean is constant: dividing would blow up that
  // rounding.
  if (deviation <= 1e-6 * std::max(1.0, std::abs(mean)))
    values.setZero();
  else
    values = ((exact - mean) / deviation).cast<float>();
}

}  // namespace metamict
