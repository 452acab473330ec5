// SPDX-License-Identifier: GPL-3.0-or-later
#include "metamict/order.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "base/progress_parts.hpp"
#include "image/hann_window.hpp"
#include "image/mask.hpp"

namespace metamict {

namespace {

/// What one chip's autocorrelation tells of its lattice.
struct ChipLattice {
  double share = 0;      ///< of the non-central power that the lattice holds, [0, 1]
  double amplitude = 0;  ///< of its modulation of the grey, root mean square
  double mean = 0;       ///< grey
};

/// What all chips share: the window, and where in the power spectrum and in the autocorrelation to
/// look.
///
/// The share of power that stands in sharp peaks is read off where it adds up: by the
/// Wiener-Khinchin theorem the power of every order of a lattice returns, in phase, at the
/// autocorrelation's lattice points, while the power of speckle and of residual noise cancels
/// there. A chip of four periods has its peaks four bins from the centre, too close together for a
/// background to be drawn between them; its autocorrelation has them a period apart.
class Frame {
 public:
  /// scale: of the chips' pixels to those that were recorded.
  Frame(int size_px, double scale)
      : size_(size_px),
        low_(2.5 * 2.5),
        noise_from_(std::pow(0.40 * size_px / std::max(1.0, scale), 2)),
        noise_to_(scale > 1 ? std::pow(0.50 * size_px / scale, 2)
                            : std::numeric_limits<double>::infinity()),
        shortest_(std::max(3, size_px / 10)),
        longest_(size_px * 3 / 8) {
    window_ = centred_hann_window(size_);
    cv::Mat spectrum;
    cv::dft(window_, spectrum, cv::DFT_COMPLEX_OUTPUT);
    cv::mulSpectrums(spectrum, spectrum, spectrum, 0, true);
    cv::dft(spectrum, overlap_, cv::DFT_INVERSE | cv::DFT_REAL_OUTPUT | cv::DFT_SCALE);
    white_ = white_noise(scale);
    choose_bins();
  }

  /// Memory of one worker.
  struct Workspace {
    cv::Mat tapered, spectrum, signal, correlation, lags;
  };

  ChipLattice measure(const cv::Mat& chip, Workspace& space) const {
    const double mean = cv::mean(chip)[0];
    cv::subtract(chip, mean, space.tapered);
    cv::multiply(space.tapered, window_, space.tapered);
    cv::dft(space.tapered, space.spectrum, cv::DFT_COMPLEX_OUTPUT);
    const double total = cv::norm(space.tapered, cv::NORM_L2SQR) * size_ * size_;  // Parseval
    const double noise_to_signal = keep_signal(space.spectrum, total, space.signal);
    if (noise_to_signal < 0) return {};
    cv::dft(space.signal, space.correlation, cv::DFT_INVERSE | cv::DFT_REAL_OUTPUT | cv::DFT_SCALE);
    ChipLattice lattice = repeat_of(space.correlation, noise_to_signal, space.lags);
    lattice.mean = mean;
    return lattice;
  }

 private:
  /// Mean power spectrum of what white noise becomes under the resampling. Interpolation leaves no
  /// noise at the highest frequencies, averaging less than at the low ones.
  cv::Mat white_noise(double scale) const {
    constexpr int chips = 8;
    Micrograph noise;
    const int side = static_cast<int>(std::ceil(chips * size_ / scale)) + 2;
    noise.pixels.create(side, side, CV_32FC1);
    cv::RNG(1).fill(noise.pixels, cv::RNG::NORMAL, 0, 1);
    const cv::Mat scaled = to_canonical_scale(noise, size_ / scale, size_).pixels;
    cv::Mat sum = cv::Mat::zeros(size_, size_, CV_32FC1), spectrum;
    std::array<cv::Mat, 2> parts;
    for (int y = 0; y < chips; ++y)
      for (int x = 0; x < chips; ++x) {
        cv::dft(scaled({x * size_, y * size_, size_, size_}).mul(window_), spectrum,
                cv::DFT_COMPLEX_OUTPUT);
        cv::split(spectrum, parts.data());
        sum += parts[0].mul(parts[0]) + parts[1].mul(parts[1]);
      }
    // The same in both directions, either way: eight times the samples.
    cv::Mat mean(size_, size_, CV_32FC1);
    for (int y = 0; y < size_; ++y)
      for (int x = 0; x < size_; ++x) {
        float all = 0;
        for (const int v : {y, mirrored(y)})
          for (const int u : {x, mirrored(x)}) all += sum.at<float>(v, u) + sum.at<float>(u, v);
        mean.at<float>(y, x) = all / 8;
      }
    return mean;
  }

  int mirrored(int i) const { return (size_ - i) % size_; }
  double frequency2(int y, int x) const {
    const double v = y <= size_ / 2 ? y : y - size_, u = x <= size_ / 2 ? x : x - size_;
    return v * v + u * u;
  }

  /// What is looked at of a spectrum. That of real pixels is symmetric: the left half holds all of
  /// it.
  struct Bin {
    int y, x;
    double white;  // power of white noise there
    double times;  // it stands in the spectrum
  };
  void choose_bins() {
    for (int y = 0; y < size_; ++y)
      for (int x = 0; x <= size_ / 2; ++x) {
        const double at = frequency2(y, x);
        const Bin bin{y, x, white_.at<float>(y, x), x == 0 || 2 * x == size_ ? 1.0 : 2.0};
        if (at >= low_ && at < noise_from_) band_.push_back(bin);
        if (at >= noise_from_ && at < noise_to_) noise_.push_back(bin);
      }
  }

  static double power(const cv::Vec2f& value) {
    return static_cast<double>(value[0]) * value[0] + static_cast<double>(value[1]) * value[1];
  }

  /// Power without its centre (slow changes of grey) and without that of the noise, which low doses
  /// raise: as strong as at the highest frequencies, where the probe lets no signal through.
  /// Returns the noise's power over the signal's in the band that is kept, negative when no signal
  /// is left.
  double keep_signal(const cv::Mat& spectrum, double total, cv::Mat& signal) const {
    double highest = 0, white_there = 0, kept = 0, noise = 0;
    for (const Bin& bin : noise_) {
      highest += bin.times * power(spectrum.at<cv::Vec2f>(bin.y, bin.x));
      white_there += bin.times * bin.white;
    }
    const double level = white_there > 0 ? highest / white_there : 0;
    signal.create(spectrum.size(), spectrum.type());
    signal.setTo(0);
    for (const Bin& bin : band_) {
      // Subtracted without clipping, so that noise cancels in the mean and low doses do not read as
      // disorder.
      const double of_noise = level * bin.white;
      const double left = power(spectrum.at<cv::Vec2f>(bin.y, bin.x)) - of_noise;
      for (const auto& [y, x] : {std::pair{bin.y, bin.x}, {mirrored(bin.y), mirrored(bin.x)}})
        signal.at<cv::Vec2f>(y, x)[0] = static_cast<float>(left);
      kept += bin.times * left;
      noise += bin.times * of_noise;
    }
    return kept > 1e-3 * total && kept > 0 ? noise / kept : -1.0;
  }

  /// From the mean height of the two highest independent peaks of the autocorrelation, away from
  /// its centre; the level that noise and speckle of no order reach by chance counts as 0.
  ChipLattice repeat_of(const cv::Mat& correlation, double noise_to_signal, cv::Mat& lags) const {
    const double zero = correlation.at<float>(0, 0) / overlap_.at<float>(0, 0);
    if (zero <= 0) return {};
    // Lag (dy, dx) at row dy + 1, column dx + longest_ + 1.
    lags.create(longest_ + 3, 2 * longest_ + 3, CV_32FC1);
    for (int dy = -1; dy <= longest_ + 1; ++dy) {
      const int y = (dy + size_) % size_;
      for (int dx = -longest_ - 1; dx <= longest_ + 1; ++dx) {
        const int x = (dx + size_) % size_;
        lags.at<float>(dy + 1, dx + longest_ + 1) =
            correlation.at<float>(y, x) / overlap_.at<float>(y, x);
      }
    }
    struct Peak {
      double height = 0;
      int dy = 0, dx = 0;
    };
    std::vector<Peak> peaks;
    for (int dy = 0; dy <= longest_; ++dy)
      for (int dx = -longest_; dx <= longest_; ++dx) {
        const int distance2 = dy * dy + dx * dx;
        if (distance2 < shortest_ * shortest_ || distance2 > longest_ * longest_ ||
            (dy == 0 && dx < 0))
          continue;
        const float here = lags.at<float>(dy + 1, dx + longest_ + 1);
        if (here < 0.05 * zero) continue;
        bool highest = true;
        for (int v = 0; v <= 2 && highest; ++v)
          for (int u = 0; u <= 2 && highest; ++u)
            highest = lags.at<float>(dy + v, dx + longest_ + u) <= here;
        if (highest) peaks.push_back({here / zero, dy, dx});
      }
    std::sort(peaks.begin(), peaks.end(),
              [](const Peak& a, const Peak& b) { return a.height > b.height; });
    if (peaks.empty()) return {};
    double second = 0;
    for (const Peak& peak : peaks) {
      const double cross =
          static_cast<double>(peak.dy) * peaks[0].dx - static_cast<double>(peak.dx) * peaks[0].dy;
      const double lengths = std::hypot(peak.dy, peak.dx) * std::hypot(peaks[0].dy, peaks[0].dx);
      if (std::abs(cross) > 0.5 * lengths) {  // more than 30 degrees apart
        second = peak.height;
        break;
      }
    }
    // White noise has a standard deviation of its own power over the number of independent pixels
    // under the window, about 23^2 of 64^2; the highest of some hundred lags reaches three of them.
    // Where the signal is small against that, so is what is known of it, and the share must not be
    // a ratio of two accidents.
    const double chance = 3.0 * noise_to_signal / (23.0 / 64.0 * size_);
    const double height = std::max(0.0, (peaks[0].height + second) / 2 - chance);
    constexpr double speckle = 0.33;  // what coarse speckle of no order reaches by chance
    return {std::clamp((height / (1 + chance) - speckle) / (1 - speckle), 0.0, 1.0),
            std::sqrt(height * zero), 0};
  }

  int size_;
  double low_, noise_from_, noise_to_;  // squares of frequencies, in bins
  int shortest_, longest_;
  cv::Mat window_, overlap_, white_;
  std::vector<Bin> band_, noise_;
};

}  // namespace

std::vector<float> measure_order(const Micrograph& canonical, const ChipGrid& grid, int threads,
                                 double dark, const Progress& progress) {
  const Frame frame(grid.size_px, canonical.scale);
  std::vector<ChipLattice> lattices(grid.chips());
  SharesDone shares(static_cast<std::size_t>(grid.rows));
  parallel_for(static_cast<std::size_t>(grid.rows), threads, [&](std::size_t, std::size_t row) {
    Frame::Workspace space;
    for (int col = 0; col < grid.cols; ++col) {
      const std::size_t node = grid.node(static_cast<int>(row), col);
      lattices[node] = frame.measure(canonical.pixels(grid.chip(node)), space);
    }
    shares.tell(row, 1, "order", progress);
  });
  // The share alone stays near 1 until most of the order is gone: half a crystal over half a glass
  // still puts nearly all of its power into peaks. How strongly the lattice modulates the grey
  // falls from the first disorder on.
  const auto contrast = [&](const ChipLattice& one) {
    return one.amplitude / std::max(std::isfinite(dark) ? one.mean - dark : 1.0, 1e-6);
  };
  std::vector<double> best;
  for (const ChipLattice& one : lattices)
    if (one.share > 0.5) best.push_back(contrast(one));
  const double full = best.empty() ? 0 : quantile(best, 0.9);
  std::vector<float> order;
  for (const ChipLattice& one : lattices)
    order.push_back(static_cast<float>(
        one.share * (full > 0 ? std::sqrt(std::min(1.0, contrast(one) / full)) : 1.0)));
  return order;
}

double canonical_zero(const cv::Mat& raw, const cv::Mat& standardised) {
  // The map is linear between the two greys at which it clips.
  double low = 0, high = 0;
  cv::minMaxLoc(standardised, &low, &high);
  const double low_limit = low + 0.1 * (high - low), high_limit = low + 0.9 * (high - low);
  double x1 = 0, y1 = high, x2 = 0, y2 = low;
  for (int y = 0; y < raw.rows; ++y)
    for (int x = 0; x < raw.cols; ++x) {
      const double value = standardised.at<float>(y, x);
      if (value > low_limit && value < y1) {
        y1 = value;
        x1 = raw.at<float>(y, x);
      }
      if (value < high_limit && value > y2) {
        y2 = value;
        x2 = raw.at<float>(y, x);
      }
    }
  double smallest = 0;
  cv::minMaxLoc(raw, &smallest);
  if (!(x2 > x1) || smallest < 0) return -std::numeric_limits<double>::infinity();
  return y1 - x1 * (y2 - y1) / (x2 - x1);
}

}  // namespace metamict
