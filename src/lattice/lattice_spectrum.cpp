// SPDX-License-Identifier: GPL-3.0-or-later
#include "lattice/lattice_spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "image/hann_window.hpp"
#include "image/mask.hpp"

namespace metamict {
namespace {

struct Greys {
  double low = 0,
         high = 0;  ///< leave out hot pixels, which would cover a tile's spectrum with noise
  double step = 0;  ///< between neighbouring grey values
};

Greys measure_greys(const cv::Mat& pixels) {
  std::vector<float> sample;
  const int skip =
      std::max(1, static_cast<int>(std::sqrt(static_cast<double>(pixels.total()) / 20000)));
  for (int y = skip / 2; y < pixels.rows; y += skip)
    for (int x = skip / 2; x < pixels.cols; x += skip) sample.push_back(pixels.at<float>(y, x));
  std::sort(sample.begin(), sample.end());
  const auto at = [&sample](double share) {
    return sample[static_cast<std::size_t>(share * static_cast<double>(sample.size() - 1))];
  };
  double step = sample.back() - sample.front();
  for (std::size_t i = 1; i < sample.size(); ++i)
    if (sample[i] > sample[i - 1]) step = std::min<double>(step, sample[i] - sample[i - 1]);
  return {at(0.001), at(0.999), step};
}

/// Whether a tenth of the blocks of 32 px differ from a parabola by more than the rounding to whole
/// grey values: the steps of a smooth ramp stored in 8 bits are a pattern as regular as a lattice.
bool has_texture(const cv::Mat& tile, double grey_step) {
  constexpr int edge = 32;
  const int blocks = (tile.rows / edge) * (tile.cols / edge);
  int textured = 0;
  constexpr double middle = (edge - 1) / 2.0,
                   second = (edge * edge - 1) / 12.0;  // the mean square from the middle
  constexpr double fourth = second * (3.0 * edge * edge - 7) / 20;
  // Squared lengths of the polynomials that a parabola is the sum of: x and y, x^2 and y^2 less
  // their mean, xy.
  constexpr double area = edge * edge, linear = area * second,
                   bent = area * (fourth - second * second), twisted = area * second * second;
  for (int top = 0; top + edge <= tile.rows; top += edge)
    for (int left = 0; left + edge <= tile.cols; left += edge) {
      double sum = 0, squares = 0, by_x = 0, by_y = 0, by_x2 = 0, by_y2 = 0, by_xy = 0;
      for (int y = 0; y < edge; ++y)
        for (int x = 0; x < edge; ++x) {
          const double value = tile.at<float>(top + y, left + x);
          sum += value;
          squares += value * value;
          by_x += value * (x - middle);
          by_y += value * (y - middle);
          by_x2 += value * ((x - middle) * (x - middle) - second);
          by_y2 += value * ((y - middle) * (y - middle) - second);
          by_xy += value * (x - middle) * (y - middle);
        }
      const double rest = squares - sum * sum / area - (by_x * by_x + by_y * by_y) / linear -
                          (by_x2 * by_x2 + by_y2 * by_y2) / bent - by_xy * by_xy / twisted;
      if (rest > 0.25 * grey_step * grey_step * edge * edge + 1e-9 * squares) ++textured;
      if (10 * textured > blocks) return true;
    }
  return false;
}

std::vector<int> tile_starts(int length_px, int tile_px, int cover_px) {
  const int most = std::max(3, cover_px / tile_px);
  const int count = std::clamp((3 * (length_px - tile_px) + tile_px - 1) / tile_px + 1, 1, most);
  std::vector<int> starts;
  for (int i = 0; i < count; ++i)
    starts.push_back(
        count == 1 ? (length_px - tile_px) / 2
                   : static_cast<int>(static_cast<long>(length_px - tile_px) * i / (count - 1)));
  return starts;
}

/// The Laplacian of the tile, which takes out slow changes of grey before they leak into the
/// spectrum; 0 on the border, where the window is 0 too.
cv::Mat sharpen(const cv::Mat& tile) {
  cv::Mat result = cv::Mat::zeros(tile.size(), CV_32F);
  for (int y = 1; y + 1 < tile.rows; ++y) {
    const float *above = tile.ptr<float>(y - 1), *row = tile.ptr<float>(y),
                *below = tile.ptr<float>(y + 1);
    float* out = result.ptr<float>(y);
    for (int x = 1; x + 1 < tile.cols; ++x)
      out[x] = above[x] + below[x] + row[x - 1] + row[x + 1] - 4 * row[x];
  }
  return result;
}

/// Rings of equal radius of the half plane x >= 0, as places in a row-major array of (2 reach + 1)
/// x (reach + 1).
struct Rings {
  Rings(int reach, int side)
      : reach_bins(reach), side_bins(side), members(static_cast<std::size_t>(reach) + 1) {
    for (int y = -reach; y <= reach; ++y)
      for (int x = 0; x <= reach; ++x) {
        const double radius = std::hypot(x, y), turn = 2 * std::numbers::pi / side;
        const double sharpening = 4 - 2 * std::cos(turn * x) - 2 * std::cos(turn * y);
        gains.push_back(static_cast<float>(1 / std::max(sharpening * sharpening, 1e-12)));
        radii.push_back(static_cast<float>(std::min(radius, reach - 0.001)));
        const auto ring = static_cast<std::size_t>(std::lround(radius));
        if (ring < members.size()) members[ring].push_back(radii.size() - 1);
      }
  }
  int reach_bins, side_bins;
  std::vector<float> radii, gains;  ///< gains undo the Laplacian's effect on a power
  std::vector<std::vector<std::size_t>> members;
};

/// The background at every ring: from the lower part of the ring's powers, as a lattice of few
/// cells a tile fills much of the upper; even along the radius.
std::vector<float> background(const std::vector<float>& powers, const Rings& rings) {
  constexpr double share = 0.3;
  const float mean_over_quantile =
      static_cast<float>(-1 / std::log(1 - share));  // of an exponential distribution
  // What lies 70 dB under the strongest wave is leakage and rounding, not structure.
  float strongest = 0;
  for (std::size_t place = 0; place < powers.size(); ++place)
    if (rings.radii[place] > 0.5F) strongest = std::max(strongest, powers[place]);
  const float least = std::max(1e-7F * strongest, 1e-30F);
  std::vector<float> logs(rings.members.size(), 0.F), values;
  for (std::size_t ring = 0; ring < logs.size(); ++ring) {
    values.clear();
    for (std::size_t place : rings.members[ring]) values.push_back(powers[place]);
    logs[ring] =
        std::log(std::max(static_cast<float>(quantile(values, share)) * mean_over_quantile, least));
  }
  std::vector<float> even = logs;
  for (std::size_t ring = 2; ring + 1 < logs.size(); ++ring)
    even[ring] = (logs[ring - 1] + logs[ring] + logs[ring + 1]) / 3;
  return even;
}

constexpr int steps_per_ring = 8;

/// 1 over the background, at fine steps of the radius.
std::vector<float> whitening(const std::vector<float>& log_levels) {
  std::vector<float> scales;
  for (std::size_t ring = 0; ring + 1 < log_levels.size(); ++ring)
    for (int step = 0; step < steps_per_ring; ++step) {
      const float between = (static_cast<float>(step) + 0.5F) / steps_per_ring;
      scales.push_back(
          std::exp(-(log_levels[ring] * (1 - between) + log_levels[ring + 1] * between)));
    }
  return scales;
}

/// Adds log(1 + power / background) of one tile to the sum over the half plane.
void add_tile(const cv::Mat& spectrum, const Rings& rings, cv::Mat& sum) {
  const int reach = rings.reach_bins;
  std::vector<float> powers(rings.radii.size());
  std::size_t place = 0;
  for (int y = -reach; y <= reach; ++y) {
    const cv::Vec2f* row = spectrum.ptr<cv::Vec2f>((y + rings.side_bins) % rings.side_bins);
    for (int x = 0; x <= reach; ++x, ++place)
      powers[place] = rings.gains[place] * (row[x][0] * row[x][0] + row[x][1] * row[x][1]);
  }
  const std::vector<float> scales = whitening(background(powers, rings));
  for (place = 0; place < powers.size(); ++place)
    powers[place] =
        1 + powers[place] * scales[static_cast<std::size_t>(rings.radii[place] * steps_per_ring)];
  cv::Mat logs(1, static_cast<int>(powers.size()), CV_32F, powers.data());
  cv::log(logs, logs);
  sum += logs;
}

/// Median and standard deviation of the spectrum, whose rings are alike after the division by their
/// background; from the lower half of its values, as peaks are above. Not below those of log(1 +
/// exponential noise) averaged over the tiles.
void measure_noise(LocalSpectrum& spectrum, int tiles) {
  std::vector<float> values(spectrum.height.begin<float>(), spectrum.height.end<float>());
  const auto middle = static_cast<float>(quantile(values, 0.5)),
             low = static_cast<float>(quantile(values, 0.16));
  spectrum.floor = std::max(middle, 0.5F);
  spectrum.noise =
      std::max(1.1F * (middle - low),
               0.4F / std::sqrt(static_cast<float>(tiles)));  // the upper half is wider
}

}  // namespace

LocalSpectrum local_spectrum(const cv::Mat& pixels, int tile_px, double highest_frequency,
                             int cover_px) {
  LocalSpectrum result;
  result.tile_px = tile_px;
  result.reach = std::min(tile_px / 2 - 1, static_cast<int>(highest_frequency * tile_px) + 4);
  const Rings rings(result.reach, tile_px);
  cv::Mat sum = cv::Mat::zeros(1, static_cast<int>(rings.radii.size()), CV_32F);
  const Greys greys = measure_greys(pixels);
  const cv::Mat window = hann_window(tile_px);
  cv::Mat tile, spectrum;
  int tiles = 0;
  for (int top : tile_starts(pixels.rows, tile_px, cover_px))
    for (int left : tile_starts(pixels.cols, tile_px, cover_px)) {
      pixels(cv::Rect(left, top, tile_px, tile_px)).copyTo(tile);
      if (!has_texture(tile, greys.step)) continue;
      cv::min(cv::max(tile, greys.low), greys.high, tile);
      cv::multiply(sharpen(tile), window, tile);
      cv::dft(tile, spectrum, cv::DFT_COMPLEX_OUTPUT);
      add_tile(spectrum, rings, sum);
      ++tiles;
    }
  if (tiles == 0) return result;
  const int reach = result.reach;
  result.height.create(2 * reach + 1, 2 * reach + 1, CV_32F);
  std::size_t place = 0;
  for (int y = -reach; y <= reach; ++y)
    for (int x = 0; x <= reach; ++x, ++place)
      result.height.at<float>(reach + y, reach + x) =
          result.height.at<float>(reach - y, reach - x) =
              sum.at<float>(static_cast<int>(place)) / static_cast<float>(tiles);
  measure_noise(result, tiles);
  return result;
}

namespace {

/// On a ridge the logarithm of the power spreads up to three times as far as log(1 + power) does on
/// the noise around.
float spread_at(const LocalSpectrum& spectrum, float level) {
  return spectrum.noise * std::clamp(1 + 1.1F * (level - spectrum.floor), 1.0F, 3.1F);
}

/// What a bin stands on: the highest level that goes on to both sides of it, so that a ridge (an
/// interface, a scan line) makes no peak, while other peaks of the lattice nearby do not hide one.
float ridge_level(const cv::Mat& height, cv::Point at) {
  float level = 0;
  for (int direction = 0; direction < 12; ++direction) {
    const double angle = direction * std::numbers::pi / 12;
    float sides[2] = {0, 0};
    for (int side = 0; side < 2; ++side)
      for (double distance : {2.4, 3.2, 4.0}) {
        const double step = side == 0 ? distance : -distance;
        const int x = std::clamp(at.x + static_cast<int>(std::lround(step * std::cos(angle))), 0,
                                 height.cols - 1);
        const int y = std::clamp(at.y + static_cast<int>(std::lround(step * std::sin(angle))), 0,
                                 height.rows - 1);
        sides[side] += height.at<float>(y, x) / 3;
      }
    level = std::max(level, std::min(sides[0], sides[1]));
  }
  return level;
}

bool is_maximum(const cv::Mat& height, cv::Point at) {
  const float value = height.at<float>(at);
  for (int dy = -2; dy <= 2; ++dy)
    for (int dx = -2; dx <= 2; ++dx)
      if ((dx != 0 || dy != 0) && height.at<float>(at.y + dy, at.x + dx) >= value) return false;
  return true;
}

/// Where the parabola through three neighbours has its top.
double top_of(double before, double at, double after) {
  const double bend = before - 2 * at + after;
  return bend < 0 ? std::clamp(0.5 * (before - after) / bend, -0.5, 0.5) : 0.0;
}

}  // namespace

bool has_texture(const cv::Mat& pixels) { return has_texture(pixels, measure_greys(pixels).step); }

std::vector<SpectrumPeak> find_peaks(const LocalSpectrum& spectrum, double lowest_bin) {
  const int reach = spectrum.reach;
  const cv::Mat& height = spectrum.height;
  std::vector<SpectrumPeak> peaks;
  for (int y = -reach + 2; y <= reach - 2; ++y)
    for (int x = 0; x <= reach - 2; ++x) {
      const double radius = std::hypot(x, y);
      if (radius < lowest_bin || radius > reach - 2 || (x == 0 && y <= 0)) continue;
      const cv::Point at(reach + x, reach + y);
      const float value = height.at<float>(at);
      if (value < spectrum.floor + 3 * spectrum.noise || !is_maximum(height, at)) continue;
      const float level = std::max(spectrum.floor, ridge_level(height, at));
      const double z = (value - level) / spread_at(spectrum, level);
      if (z < 3) continue;
      const double dx =
          top_of(height.at<float>(at.y, at.x - 1), value, height.at<float>(at.y, at.x + 1));
      const double dy =
          top_of(height.at<float>(at.y - 1, at.x), value, height.at<float>(at.y + 1, at.x));
      peaks.push_back({{x + dx, y + dy}, z});
    }
  std::sort(peaks.begin(), peaks.end(),
            [](const SpectrumPeak& a, const SpectrumPeak& b) { return a.z > b.z; });
  return peaks;
}

}  // namespace metamict
