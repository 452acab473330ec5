// SPDX-License-Identifier: GPL-3.0-or-later
#include "contamination.hpp"

#include <Eigen/Dense>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

namespace metamict {

namespace {

constexpr double smallest_rise = 0.10;         // of the region's grey; less is the detector's own unevenness
constexpr double largest_following = 0.35;     // of that rise, seen in the lattice; a wedge gives 1 or (with a dark level) more
constexpr double smallest_share_explained = 0.5;  // by a plane: a drift, not a mixture
constexpr std::size_t fewest_chips = 30;

/// Mean grey and lattice amplitude of a chip.
struct ChipGrey {
  double mean = 0, amplitude = 0;
};

/// The lattice's band is what lies between a tenth and half of a period; noise in it is judged from what is finer still.
class GreyMeter {
 public:
  GreyMeter(const cv::Mat& pixels, double period_px) {
    cv::Mat fine, smooth, coarse;
    cv::GaussianBlur(pixels, fine, {}, finest_px);
    cv::GaussianBlur(pixels, smooth, {}, std::max(finest_px, 0.1 * period_px));
    cv::GaussianBlur(pixels, coarse, {}, 0.5 * period_px);
    cv::integral(pixels, grey_, CV_64F);
    cv::integral(squared(smooth - coarse), band_, CV_64F);
    cv::integral(squared(pixels - fine), noise_, CV_64F);
    noise_in_band_ = power_of(std::max(finest_px, 0.1 * period_px)) / (1 - 2 * centre_of(finest_px) + power_of(finest_px));
  }

  ChipGrey measure(const cv::Rect& chip) const {
    const double variance = mean_over(band_, chip) - noise_in_band_ * mean_over(noise_, chip);
    return {mean_over(grey_, chip), std::sqrt(std::max(0.0, variance))};
  }

 private:
  static constexpr double finest_px = 0.7;
  static cv::Mat squared(const cv::Mat& m) { return m.mul(m); }
  /// Of white noise of variance 1: what a Gaussian filter leaves, and the weight of its central pixel.
  static double power_of(double sigma_px) { return 1 / (4 * CV_PI * sigma_px * sigma_px); }
  static double centre_of(double sigma_px) { return 1 / (2 * CV_PI * sigma_px * sigma_px); }
  static double mean_over(const cv::Mat& integral, const cv::Rect& r) {
    return (integral.at<double>(r.br()) - integral.at<double>(r.y, r.br().x) - integral.at<double>(r.br().y, r.x) + integral.at<double>(r.tl())) / r.area();
  }

  cv::Mat grey_, band_, noise_;
  double noise_in_band_ = 0;
};

/// A plane over the region: its slopes over the region's own extent (across, down) relative to its mean, and how much it explains.
struct Drift {
  Eigen::Vector2d relative{0, 0};
  double explained = 0;
};

Drift fit(const std::vector<Eigen::Vector3d>& places, const std::vector<double>& values) {
  Eigen::Matrix3d normal = 1e-9 * Eigen::Matrix3d::Identity();
  Eigen::Vector3d right = Eigen::Vector3d::Zero();
  double mean = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    normal += places[i] * places[i].transpose();
    right += places[i] * values[i];
    mean += values[i] / static_cast<double>(values.size());
  }
  const Eigen::Vector3d plane = normal.ldlt().solve(right);
  double left_over = 0, all = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    left_over += std::pow(values[i] - plane.dot(places[i]), 2);
    all += std::pow(values[i] - mean, 2);
  }
  if (mean <= 0 || all <= 0) return {};
  return {plane.tail<2>() / mean, 1 - left_over / all};
}

}  // namespace

void note_contamination(const Result& result, const RuleResult& rule, Notes& notes) {
  const auto region = std::find_if(rule.regions.begin(), rule.regions.end(), [](const Region& r) { return is_ordered(r.order); });
  if (region == rule.regions.end() || region->chips < fewest_chips || !result.chip_size.lattice) return;
  const GreyMeter meter(result.micrograph.pixels, result.chip_size.lattice->period_px);
  const cv::Rect whole({0, 0}, result.micrograph.pixels.size());
  std::vector<Eigen::Vector3d> places;
  std::vector<double> grey, amplitude;
  for (std::size_t node = 0; node < result.grid.chips(); ++node) {
    if (rule.map.label_of_community[static_cast<std::size_t>(rule.communities.community[node])] != region->label) continue;
    const cv::Rect2d chip = result.grid.chip_in_input(node);
    const cv::Rect pixels = cv::Rect(chip) & whole;
    if (pixels.area() == 0) continue;
    const ChipGrey here = meter.measure(pixels);
    places.emplace_back(1.0, (chip.x + chip.width / 2) / whole.width, (chip.y + chip.height / 2) / whole.height);
    grey.push_back(here.mean);
    amplitude.push_back(here.amplitude);
  }
  if (places.size() < fewest_chips) return;
  Eigen::Vector3d low = places.front(), high = places.front();
  for (const auto& place : places) low = low.cwiseMin(place), high = high.cwiseMax(place);
  const Eigen::Vector2d extent = (high - low).tail<2>();
  const Drift of_grey = fit(places, grey);
  const Eigen::Vector2d rise = of_grey.relative.cwiseProduct(extent), follows = fit(places, amplitude).relative.cwiseProduct(extent);
  if (rise.norm() < smallest_rise || of_grey.explained < smallest_share_explained || follows.dot(rise) > largest_following * rise.squaredNorm()) return;
  const bool across = std::abs(rise[0]) >= std::abs(rise[1]);
  const std::string way = across ? (rise[0] > 0 ? "left to right" : "right to left") : (rise[1] > 0 ? "top to bottom" : "bottom to top");
  notes.push_back("region " + std::to_string(region->label) + " grows brighter by " + std::to_string(std::lround(100 * rise.norm())) + " % from " + way +
                  " while its lattice does not: carbon contamination is likely (or a thickness wedge that goes out of focus), and the grey there is not the sample's own");
}

}  // namespace metamict
