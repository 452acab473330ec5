// SPDX-License-Identifier: GPL-3.0-or-later
#include "texture.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace metamict {

namespace {

constexpr std::size_t most_frequencies = 6;

/// Amplitude spectra of windows around places: mean and variance.
struct Spectra {
  int count = 0;
  cv::Mat mean, variance;  // size x size, CV_64F

  /// The windows are padded to `size`, for finer steps in frequency.
  Spectra(const cv::Mat& grey, const std::vector<cv::Point>& places, int window, int size)
      : mean(cv::Mat::zeros(size, size, CV_64F)), variance(cv::Mat::zeros(size, size, CV_64F)) {
    cv::Mat taper, spectrum;
    cv::createHanningWindow(taper, {window, window}, CV_32F);
    taper = taper.mul(taper);  // OpenCV's is the square root of the product
    std::array<cv::Mat, 2> parts;
    for (const cv::Point place : places) {
      const cv::Rect box(place.x - window / 2, place.y - window / 2, window, window);
      if ((box & cv::Rect({0, 0}, grey.size())) != box) continue;
      cv::Mat padded = cv::Mat::zeros(size, size, CV_32F), amplitude;
      const cv::Mat inner = grey(box) - cv::mean(grey(box))[0];
      cv::multiply(inner, taper, padded({0, 0, window, window}));
      cv::dft(padded, spectrum, cv::DFT_COMPLEX_OUTPUT);
      cv::split(spectrum, parts.data());
      cv::magnitude(parts[0], parts[1], amplitude);
      amplitude.convertTo(amplitude, CV_64F);
      mean += amplitude;
      variance += amplitude.mul(amplitude);
      ++count;
    }
    if (count == 0) return;
    mean /= count;
    variance = variance / count - mean.mul(mean);
  }
};

}  // namespace

std::vector<Frequency> telling_frequencies(const cv::Mat& grey, const std::vector<cv::Point>& places_a,
                                           const std::vector<cv::Point>& places_b, double period_px) {
  constexpr int fewest = 5;
  constexpr double lowest = 0.6, highest = 2.6;         // cycles a period: the lattice begins at 1, above is noise
  constexpr double least_ratio = 0.05, one_peak = 2.5;  // one_peak: in bins
  const int window = static_cast<int>(2 * period_px), size = 2 * window;
  const Spectra a(grey, places_a, window, size), b(grey, places_b, window, size);
  std::vector<Frequency> found;
  if (a.count < fewest || b.count < fewest) return found;
  cv::Mat ratio = a.mean - b.mean;
  ratio = ratio.mul(ratio) / (a.variance + b.variance + 1e-9);
  const auto signed_bin = [size](int bin) { return bin <= size / 2 ? bin : bin - size; };
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const double radius = std::hypot(signed_bin(y), signed_bin(x)) / size * period_px;
      const bool other_half = x > size / 2 || (x == 0 && y > size / 2);
      if (radius < lowest || radius > highest || other_half) ratio.at<double>(y, x) = 0;
    }
  while (found.size() < most_frequencies) {
    double most = 0;
    cv::Point at;
    cv::minMaxLoc(ratio, nullptr, &most, nullptr, &at);
    if (most <= least_ratio) break;
    const int fx = signed_bin(at.x), fy = signed_bin(at.y);
    found.push_back({static_cast<double>(fx) / size, static_cast<double>(fy) / size});
    for (int y = 0; y < size; ++y)
      for (int x = 0; x <= size / 2; ++x)
        if (std::hypot(signed_bin(y) - fy, x - fx) < one_peak || std::hypot(signed_bin(y) + fy, x + fx) < one_peak)
          ratio.at<double>(y, x) = 0;
  }
  return found;
}

cv::Mat blurred(const cv::Mat& grey, double sigma_px) {
  cv::Mat result;
  cv::GaussianBlur(grey, result, {}, sigma_px, sigma_px, cv::BORDER_REFLECT);
  return result;
}

cv::Mat amplitude_at(const cv::Mat& grey, Frequency frequency, double sigma_px) {
  const int reach = static_cast<int>(std::ceil(3 * sigma_px));
  const cv::Mat window = cv::getGaussianKernel(2 * reach + 1, sigma_px, CV_32F);
  const auto wave = [&](double cycles, bool sine) {
    cv::Mat kernel = window.clone();
    for (int t = -reach; t <= reach; ++t) {
      const double phase = 2 * std::numbers::pi * cycles * t;
      kernel.at<float>(t + reach) *= static_cast<float>(sine ? std::sin(phase) : std::cos(phase));
    }
    return kernel;
  };
  const auto filtered = [&](bool sine_x, bool sine_y) {
    cv::Mat result;
    cv::sepFilter2D(grey, result, CV_32F, wave(frequency.x, sine_x), wave(frequency.y, sine_y), {-1, -1}, 0,
                    cv::BORDER_REFLECT);
    return result;
  };
  cv::Mat amplitude;
  cv::magnitude(filtered(false, false) - filtered(true, true), filtered(true, false) + filtered(false, true),
                amplitude);
  return amplitude;
}

}  // namespace metamict
