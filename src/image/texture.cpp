// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/texture.hpp"

#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "image/hann_window.hpp"

namespace metamict {

namespace {

constexpr std::size_t most_frequencies = 6;

/// The mean and the variance of the amplitude spectra of windows around places.
struct Spectra {
  int count = 0;
  cv::Mat mean, variance;  // size x size, CV_64F

  /// The windows are padded to `size`, for finer steps in frequency.
  Spectra(const cv::Mat& grey, const std::vector<cv::Point>& places, int window, int size)
      : mean(cv::Mat::zeros(size, size, CV_64F)), variance(cv::Mat::zeros(size, size, CV_64F)) {
    const cv::Mat taper = hann_window(window);
    cv::Mat spectrum;
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

std::vector<cv::Point2d> telling_frequencies(const cv::Mat& grey,
                                             const std::vector<cv::Point>& places_a,
                                             const std::vector<cv::Point>& places_b,
                                             double period_px) {
  constexpr int fewest = 5;
  constexpr double lowest = 0.6,
                   highest = 2.6;  // cycles a period: the lattice begins at 1, above is noise
  constexpr double least_ratio = 0.05, one_peak = 2.5;  // one_peak: in bins
  const int window = static_cast<int>(2 * period_px), size = 2 * window;
  const Spectra a(grey, places_a, window, size), b(grey, places_b, window, size);
  std::vector<cv::Point2d> found;
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
    found.emplace_back(static_cast<double>(fx) / size, static_cast<double>(fy) / size);
    for (int y = 0; y < size; ++y)
      for (int x = 0; x <= size / 2; ++x)
        if (std::hypot(signed_bin(y) - fy, x - fx) < one_peak ||
            std::hypot(signed_bin(y) + fy, x + fx) < one_peak)
          ratio.at<double>(y, x) = 0;
  }
  return found;
}

cv::Mat blurred(const cv::Mat& grey, double sigma_px) {
  cv::Mat result;
  cv::GaussianBlur(grey, result, {}, sigma_px, sigma_px, cv::BORDER_REFLECT);
  return result;
}

cv::Mat power_at(const cv::Mat& grey, cv::Point2d frequency, double sigma_px) {
  const double turn = 2 * std::numbers::pi;
  cv::Mat real(grey.size(), CV_32F), imaginary(grey.size(), CV_32F);
  std::vector<cv::Vec2f> across(static_cast<std::size_t>(grey.cols));
  for (int x = 0; x < grey.cols; ++x)
    across[static_cast<std::size_t>(x)] = {static_cast<float>(std::cos(turn * frequency.x * x)),
                                           static_cast<float>(std::sin(turn * frequency.x * x))};
  for (int y = 0; y < grey.rows; ++y) {
    const auto c = static_cast<float>(std::cos(turn * frequency.y * y));
    const auto s = static_cast<float>(std::sin(turn * frequency.y * y));
    const auto* value = grey.ptr<float>(y);
    for (int x = 0; x < grey.cols; ++x) {
      const cv::Vec2f& wave = across[static_cast<std::size_t>(x)];
      real.at<float>(y, x) = value[x] * (wave[0] * c - wave[1] * s);
      imaginary.at<float>(y, x) = -value[x] * (wave[0] * s + wave[1] * c);
    }
  }
  real = blurred(real, sigma_px);
  imaginary = blurred(imaginary, sigma_px);
  return real.mul(real) + imaginary.mul(imaginary);
}

}  // namespace metamict
