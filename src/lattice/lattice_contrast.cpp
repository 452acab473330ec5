// SPDX-License-Identifier: GPL-3.0-or-later
#include "lattice/lattice_contrast.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "image/texture.hpp"

namespace metamict {

namespace {

constexpr double edge_on_cosine = 0.94;  // 20 degrees

double length(cv::Point2d v) { return std::hypot(v.x, v.y); }

bool edge_on(cv::Point2d g, cv::Point2d across) {
  return std::abs(g.dot(across)) > edge_on_cosine * length(g);
}

/// Distance of a frequency to the nearest point of the reciprocal lattice, its centre included.
double distance_to_lattice(cv::Point2d q, const ReciprocalLattice& lattice) {
  double nearest = length(q);
  for (int h = -3; h <= 3; ++h)
    for (int k = -3; k <= 3; ++k)
      nearest = std::min(nearest, length(q - h * lattice.g1 - k * lattice.g2));
  return nearest;
}

/// Two frequencies as high as g, as far from every reflection as can be.
std::vector<cv::Point2d> between_reflections(cv::Point2d g, const ReciprocalLattice& lattice,
                                             cv::Point2d across) {
  std::vector<std::pair<double, cv::Point2d>> candidates;
  for (int step = 0; step < 60; ++step) {
    const double angle = std::numbers::pi * step / 60;
    const cv::Point2d q(length(g) * std::cos(angle), length(g) * std::sin(angle));
    if (!edge_on(q, across)) candidates.emplace_back(-distance_to_lattice(q, lattice), q);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<cv::Point2d> chosen{candidates.front().second};
  for (const auto& [distance, q] : candidates)
    if (std::abs(q.dot(chosen.front())) < 0.87 * q.dot(q)) {  // 30 degrees apart
      chosen.push_back(q);
      break;
    }
  return chosen;
}

}  // namespace

std::vector<ReflectionPower> measure_reflections(const cv::Mat& pixels,
                                                 const ReciprocalLattice& lattice,
                                                 cv::Point2d across) {
  const double sigma = lattice_window_periods * lattice.period_px();
  const cv::Mat fine = pixels - blurred(pixels, sigma);
  std::vector<ReflectionPower> reflections;
  for (const cv::Point2d g :
       {lattice.g1, lattice.g2, lattice.g1 + lattice.g2, lattice.g1 - lattice.g2}) {
    if (edge_on(g, across) || length(g) > 0.45) continue;
    cv::Mat background = cv::Mat::zeros(pixels.size(), CV_32F);
    const std::vector<cv::Point2d> between = between_reflections(g, lattice, across);
    for (const cv::Point2d q : between)
      background += power_at(fine, q, sigma) / static_cast<double>(between.size());
    reflections.push_back({g, power_at(fine, g, sigma) - background});
  }
  return reflections;
}

cv::Mat lattice_amplitude(const std::vector<const ReflectionPower*>& reflections) {
  cv::Mat mean = cv::Mat::zeros(reflections.front()->power.size(), CV_32F);
  for (const ReflectionPower* one : reflections)
    mean += one->power / static_cast<double>(reflections.size());
  for (int y = 0; y < mean.rows; ++y)
    for (float *p = mean.ptr<float>(y), *end = p + mean.cols; p < end; ++p)
      *p = std::copysign(std::sqrt(std::abs(*p)), *p);
  return mean;
}

}  // namespace metamict
