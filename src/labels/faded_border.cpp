// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/faded_border.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "image/mask.hpp"
#include "image/texture.hpp"
#include "lattice/lattice_contrast.hpp"

namespace metamict {

namespace {

constexpr double in_the_middle = 0.5;  // quantile

std::vector<cv::Point> some_of(const cv::Mat& mask) {
  constexpr std::size_t most = 4000;
  const std::vector<cv::Point> all = points_of(mask);
  return every(all, 1 + all.size() / most);
}

double amplitude_in(const cv::Mat& amplitude, const cv::Mat& mask, double share) {
  std::vector<float> values;
  for (const cv::Point at : some_of(mask)) values.push_back(amplitude.at<float>(at));
  return quantile(values, share);
}

/// Amplitude of one lattice about each pixel, linear in the share of the thickness that is crystal.
cv::Mat amplitude_of(const cv::Mat& grey, const ReciprocalLattice& lattice, double period_px) {
  std::vector<ReflectionPower> reflections = measure_reflections(grey, lattice, {0, 0});
  std::vector<const ReflectionPower*> all;
  for (ReflectionPower& one : reflections) {
    one.power = blurred(one.power, period_px);
    all.push_back(&one);
  }
  return all.empty() ? cv::Mat() : lattice_amplitude(all);
}

/// The full amplitude as it changes along the border: a slope times the place.
struct Full {
  double middle = 0;
  double least = 0;
  Eigen::Vector2d slope{0, 0};

  double at(cv::Point here) const { return std::max(middle + slope.x() * here.x + slope.y() * here.y, least); }
};

/// Of the least-squares plane through an indicator of two sides: the direction from one to the
/// other.
Eigen::Vector2d across(const std::vector<cv::Point>& from, const std::vector<cv::Point>& to) {
  Eigen::Vector2d mean_from(0, 0), mean_to(0, 0);
  for (const cv::Point p : from) mean_from += Eigen::Vector2d(p.x, p.y) / static_cast<double>(from.size());
  for (const cv::Point p : to) mean_to += Eigen::Vector2d(p.x, p.y) / static_cast<double>(to.size());
  const Eigen::Vector2d mean = (mean_from + mean_to) / 2;
  Eigen::Matrix2d scatter = Eigen::Matrix2d::Identity();
  for (const auto* points : {&from, &to})
    for (const cv::Point p : *points) {
      const Eigen::Vector2d r = Eigen::Vector2d(p.x, p.y) - mean;
      scatter += r * r.transpose() / static_cast<double>(points->size());
    }
  return (scatter.inverse() * (mean_to - mean_from)).normalized();
}

/// From pixels that are ordered. Those as far from the border are compared along it.
Full measure_full(const cv::Mat& amplitude, const std::vector<cv::Point>& places, const cv::Mat& away,
                  const Eigen::Vector2d& normal, double period_px, const FadedBorderOptions& options) {
  const Eigen::Vector2d along(-normal.y(), normal.x());
  struct Bin {
    double count = 0, place = 0, value = 0;
  };
  std::vector<Bin> bins;
  const auto bin_of = [&](cv::Point p) { return static_cast<std::size_t>(away.at<float>(p) / (2 * period_px)); };
  const auto place_of = [&](cv::Point p) { return along.dot(Eigen::Vector2d(p.x, p.y)); };
  for (const cv::Point p : places) {
    bins.resize(std::max(bins.size(), bin_of(p) + 1));
    Bin& bin = bins[bin_of(p)];
    ++bin.count;
    bin.place += place_of(p);
    bin.value += amplitude.at<float>(p);
  }
  double product = 0, square = static_cast<double>(places.size()) * period_px * period_px;  // little room, no slope
  for (const cv::Point p : places) {
    const Bin& bin = bins[bin_of(p)];
    const double place = place_of(p) - bin.place / bin.count;
    product += place * (amplitude.at<float>(p) - bin.value / bin.count);
    square += place * place;
  }
  Full full;
  full.slope = product / square * along;
  std::vector<double> levelled;
  for (const cv::Point p : places) levelled.push_back(amplitude.at<float>(p) - product / square * place_of(p));
  full.middle = quantile(levelled, options.full_quantile);
  full.least = options.least_full * full.middle;
  return full;
}

/// Half of the full amplitude about each pixel; empty where too little is ordered.
cv::Mat half_level(const cv::Mat& amplitude, const cv::Mat& both, const cv::Mat& disordered, double period_px,
                   const FadedBorderOptions& options) {
  cv::Mat faded = disordered.clone(), level(amplitude.size(), CV_32F);
  const cv::Mat inside = distance(both) >= period_px;
  const auto least_pixels = static_cast<std::size_t>(options.least_pixels);
  for (int round = 0; round < options.rounds; ++round) {
    const cv::Mat away = distance(~faded);
    const std::vector<cv::Point> ordered = some_of(inside & ~faded & (away >= period_px)), rest = some_of(faded);
    if (ordered.size() < least_pixels || rest.size() < least_pixels) return {};
    const Full full = measure_full(amplitude, ordered, away, across(ordered, rest), period_px, options);
    for (int y = 0; y < level.rows; ++y)
      for (int x = 0; x < level.cols; ++x) level.at<float>(y, x) = static_cast<float>(full.at({x, y}) / 2);
    faded = both & (amplitude < level);
  }
  return level;
}

struct Amplitude {
  cv::Mat map;
  double typical = 0;  ///< inside the ordered region
};

/// Of the lattice that is strongest in a region; most of the image's are of other regions.
Amplitude strongest_lattice(const cv::Mat& grey, const cv::Mat& core, std::span<const ReciprocalLattice> lattices,
                            double period_px) {
  Amplitude strongest;
  for (const ReciprocalLattice& lattice : lattices) {
    const cv::Mat found = amplitude_of(grey, lattice, period_px);
    if (found.empty()) continue;
    const double typical = amplitude_in(found, core, in_the_middle);
    if (typical > strongest.typical) strongest = {found, typical};
  }
  return strongest;
}

}  // namespace

std::optional<Border> faded_border(const cv::Mat& grey, const cv::Mat& labels, int ordered, int disordered,
                                   std::span<const ReciprocalLattice> lattices, double period_px,
                                   const FadedBorderOptions& options) {
  Border border;
  border.a = ordered;
  border.b = disordered;
  border.faded = true;
  border.box = cv::boundingRect((labels == ordered) | (labels == disordered));
  const cv::Mat here = labels(border.box), seen = grey(border.box);
  const cv::Mat of_a = here == ordered, of_b = here == disordered, both = of_a | of_b;
  const cv::Mat core_a = distance(of_a) >= period_px, core_b = distance(of_b) >= period_px;
  if (cv::countNonZero(core_a) < options.least_pixels || cv::countNonZero(core_b) < options.least_pixels)
    return std::nullopt;
  const auto [amplitude, strongest] = strongest_lattice(seen, core_a, lattices, period_px);
  if (amplitude.empty() || amplitude_in(amplitude, core_b, options.empty_quantile) > options.most_without * strongest)
    return std::nullopt;
  const auto beside = [&, &amplitude = amplitude](const cv::Mat& of_one, const cv::Mat& of_other) {
    constexpr int from = 2, to = 3;  // periods
    const cv::Mat away = distance(~of_other);
    return amplitude_in(amplitude, of_one & (away >= from * period_px) & (away < to * period_px), in_the_middle);
  };
  if (!(beside(of_a, of_b) - beside(of_b, of_a) < options.most_fading * strongest)) return std::nullopt;
  const cv::Mat half = half_level(amplitude, both, of_b, period_px, options);
  if (half.empty()) return std::nullopt;
  border.side = amplitude - half;
  // What changes sides, and what is so near the level that an island of it would mean nothing; not
  // beside a third region, where the amplitude falls at once.
  cv::Mat band = (cv::abs(border.side) < options.undecided_share * half) | (of_a & (border.side <= 0)) |
                 (of_b & (border.side > 0));
  cv::dilate(band, band, {});  // the input's pixels may be finer
  border.band = band & (distance(both) >= period_px);
  return border;
}

}  // namespace metamict
