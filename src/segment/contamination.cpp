// SPDX-License-Identifier: GPL-3.0-or-later
#include "segment/contamination.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>

#include "segment/region_drift.hpp"

namespace metamict {

namespace {

constexpr double smallest_rise =
    0.10;  // of the region's grey; less is the detector's own unevenness
constexpr double largest_following = 0.35;  // of that rise, in the lattice's amplitude; a thickness
                                            // wedge gives 1, or more with a dark level
constexpr double smallest_share_explained = 0.5;  // by a plane: a drift, not a mixture
constexpr double fewest_chips =
    8;  // that do not overlap; a plane through fewer fits whatever else changes

/// Mean grey and lattice amplitude of a chip.
struct ChipGrey {
  double mean = 0, amplitude = 0;
};

/// Measures the lattice's band, which lies between a tenth and half of a period. The noise in it is
/// estimated from what is finer still.
/// Of a band of an image. Filters see the image beyond it.
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
    noise_in_band_ = power_of(std::max(finest_px, 0.1 * period_px)) /
                     (1 - 2 * centre_of(finest_px) + power_of(finest_px));
  }

  ChipGrey measure(const cv::Rect& chip) const {
    const double variance = mean_over(band_, chip) - noise_in_band_ * mean_over(noise_, chip);
    return {mean_over(grey_, chip), std::sqrt(std::max(0.0, variance))};
  }

 private:
  static constexpr double finest_px = 0.7;
  static cv::Mat squared(const cv::Mat& m) { return m.mul(m); }
  /// Of white noise of variance 1: what a Gaussian filter leaves, and the weight of its central
  /// pixel.
  static double power_of(double sigma_px) { return 1 / (4 * CV_PI * sigma_px * sigma_px); }
  static double centre_of(double sigma_px) { return 1 / (2 * CV_PI * sigma_px * sigma_px); }
  static double mean_over(const cv::Mat& integral, const cv::Rect& r) {
    return (integral.at<double>(r.br()) - integral.at<double>(r.y, r.br().x) -
            integral.at<double>(r.br().y, r.x) + integral.at<double>(r.tl())) /
           r.area();
  }

  cv::Mat grey_, band_, noise_;
  double noise_in_band_ = 0;
};

}  // namespace

void note_contamination(const Result& result, const RuleResult& rule, Notes& notes) {
  const OrderedRegion region = largest_ordered_region(result, rule);
  const double overlap = static_cast<double>(result.grid.size_px) / result.grid.stride_px;
  if (static_cast<double>(region.nodes.size()) < fewest_chips * overlap * overlap ||
      !result.chip_size.lattice)
    return;
  const cv::Mat pixels = with_square_pixels(result.micrograph).pixels;
  const cv::Point2d factors = to_square_pixels(result.micrograph.pixel_aspect);
  const cv::Rect whole({0, 0}, pixels.size());
  const auto place_of = [&](std::size_t node) {
    const cv::Rect2d chip = result.grid.chip_in_input(node);
    return cv::Rect(cv::Rect2d(chip.x * factors.x, chip.y * factors.y, chip.width * factors.x,
                               chip.height * factors.y)) &
           whole;
  };
  // Band by band, because a meter takes ten times the memory of its pixels.
  constexpr int chip_rows_a_band = 32;
  std::vector<double> grey, amplitude;
  std::optional<GreyMeter> meter;
  int band = -1, top = 0;
  for (const std::size_t node : region.nodes) {  // by rising number
    if (const int own = result.grid.row(node) / chip_rows_a_band; own != band) {
      band = own;
      const int last_row = std::min((band + 1) * chip_rows_a_band, result.grid.rows) - 1;
      top = place_of(result.grid.node(band * chip_rows_a_band, 0)).y;
      const int bottom = place_of(result.grid.node(last_row, 0)).br().y;
      meter.emplace(pixels.rowRange(top, bottom), result.chip_size.lattice->period_px);
    }
    const ChipGrey here = meter->measure(place_of(node) - cv::Point(0, top));
    grey.push_back(here.mean);
    amplitude.push_back(here.amplitude);
  }
  const Drift of_grey = fit_drift(region, grey), of_lattice = fit_drift(region, amplitude);
  if (of_grey.mean <= 0 || of_lattice.mean <= 0) return;
  const Eigen::Vector2d rise = of_grey.change / of_grey.mean,
                        follows = of_lattice.change / of_lattice.mean;
  if (rise.norm() < smallest_rise || of_grey.explained < smallest_share_explained ||
      follows.dot(rise) > largest_following * rise.squaredNorm())
    return;
  notes.push_back("region " + std::to_string(region.label) + " grows brighter by " +
                  std::to_string(std::lround(100 * rise.norm())) + " % from " + of_grey.way(true) +
                  " while its lattice does not: carbon contamination is likely (or a thickness "
                  "wedge that goes out of "
                  "focus), and the grey there is not the sample's own");
}

}  // namespace metamict
