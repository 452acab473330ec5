// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/composition_border.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace metamict {

namespace {

/// The logarithm of how much larger each element's share is among the first counts. 0 where the
/// two shares differ by less than three standard deviations: what leaks in from a third region must
/// not speak by chance. Half a count more of each keeps the logarithms finite.
std::vector<double> log_ratios(const std::vector<double>& first,
                               const std::vector<double>& second) {
  constexpr double half = 0.5;
  const auto sum = [](const std::vector<double>& counts) {
    return std::accumulate(counts.begin(), counts.end(), 0.0) +
           half * static_cast<double>(counts.size());
  };
  const double all_first = sum(first), all_second = sum(second);
  std::vector<double> ratios;
  for (std::size_t e = 0; e < first.size(); ++e) {
    const double a = (first[e] + half) / all_first, b = (second[e] + half) / all_second;
    const double both = (first[e] + second[e] + 2 * half) / (all_first + all_second);
    const double sd = std::sqrt(both * (1 - both) * (1 / all_first + 1 / all_second));
    ratios.push_back(std::abs(a - b) > 3 * sd ? std::log(a / b) : 0.0);
  }
  return ratios;
}

/// Which side each pixel of the maps speaks for, in natural logarithms: above 0 the first.
struct Speech {
  cv::Mat for_first;      // CV_32FC1, of the maps' size
  double of_a_pixel = 0;  // in the mean, for its own side
};

Speech speech_of(const ElementMaps& maps, const std::vector<double>& first,
                 const std::vector<double>& second) {
  const std::vector<double> ratios = log_ratios(first, second);
  const double all_first = std::accumulate(first.begin(), first.end(), 0.0),
               all_second = std::accumulate(second.begin(), second.end(), 0.0);
  Speech speech{cv::Mat::zeros(maps.counts[0].size(), CV_32FC1), 0};
  double distance = 0, counts = 0;
  for (std::size_t e = 0; e < ratios.size(); ++e) {
    cv::scaleAdd(maps.counts[e], ratios[e], speech.for_first, speech.for_first);
    // Half the sum of the two Kullback-Leibler distances.
    distance += (first[e] / all_first - second[e] / all_second) * ratios[e] / 2;
    counts += cv::mean(maps.counts[e])[0];
  }
  speech.of_a_pixel = distance * counts;
  return speech;
}

/// The pixels of two labels that lie within reach of both.
cv::Mat band_between(const cv::Mat& labels, int a, int b, int reach_px) {
  const auto near = [&](int label) {
    cv::Mat away;
    cv::distanceTransform(labels != label, away, cv::DIST_L2, cv::DIST_MASK_3);
    return cv::Mat(away <= reach_px);
  };
  return near(a) & near(b) & ((labels == a) | (labels == b));
}

/// Where the maps' values lie on the image: CV_32FC1 of its size.
cv::Mat on_image(const cv::Mat& values, const cv::Rect2d& field, cv::Size size) {
  const double x = values.cols / field.width, y = values.rows / field.height;
  // Middles of pixels lie on middles of pixels.
  const cv::Matx23d to_maps(x, 0, (0.5 - field.x) * x - 0.5, 0, y, (0.5 - field.y) * y - 0.5);
  cv::Mat result;
  cv::warpAffine(values, result, to_maps, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REPLICATE);
  return result;
}

}  // namespace

std::vector<std::vector<double>> counts_of_labels(const ElementMaps& maps, const cv::Mat& labels,
                                                  std::size_t count) {
  std::vector<std::vector<double>> sums(count, std::vector<double>(maps.elements.size(), 0));
  const cv::Size size = maps.counts[0].size();
  const double width = maps.field.width / size.width, height = maps.field.height / size.height;
  const auto add = [&](int label, int row, int col, double share) {
    for (std::size_t e = 0; e < maps.elements.size(); ++e)
      sums[static_cast<std::size_t>(label)][e] +=
          share * static_cast<double>(maps.counts[e].at<float>(row, col));
  };
  if (width * height >= 1) {
    for (int y = 0; y < labels.rows; ++y)
      for (int x = 0; x < labels.cols; ++x) {
        const int col = cvFloor((x + 0.5 - maps.field.x) / width),
                  row = cvFloor((y + 0.5 - maps.field.y) / height);
        if (cv::Rect({}, size).contains({col, row}))
          add(labels.at<std::uint16_t>(y, x), row, col, 1 / (width * height));
      }
    return sums;
  }
  for (int row = 0; row < size.height; ++row)
    for (int col = 0; col < size.width; ++col) {
      const cv::Point at(cvFloor(maps.field.x + (col + 0.5) * width),
                         cvFloor(maps.field.y + (row + 0.5) * height));
      if (cv::Rect({}, labels.size()).contains(at)) add(labels.at<std::uint16_t>(at), row, col, 1);
    }
  return sums;
}

void draw_by_composition(const ElementMaps& maps, const std::vector<std::pair<int, int>>& pairs,
                         int reach_px, cv::Mat& labels) {
  if (pairs.empty()) return;
  int most = 0;
  for (const auto& [a, b] : pairs) most = std::max({most, a, b});
  double highest = 0;
  cv::minMaxLoc(labels, nullptr, &highest);
  const std::vector<std::vector<double>> counts = counts_of_labels(
      maps, labels, static_cast<std::size_t>(std::max(most, static_cast<int>(highest))) + 1);
  for (const auto& [a, b] : pairs) {
    const cv::Mat band = band_between(labels, a, b, reach_px);
    if (cv::countNonZero(band) == 0) continue;
    Speech speech =
        speech_of(maps, counts[static_cast<std::size_t>(a)], counts[static_cast<std::size_t>(b)]);
    if (speech.of_a_pixel <= 0) continue;
    // A Gaussian of deviation s averages over 4 pi s^2 pixels.
    constexpr double sure = 30;
    const double sigma = std::sqrt(sure / (4 * std::numbers::pi * speech.of_a_pixel));
    const double widest = std::max(1.0, reach_px * maps.counts[0].cols / maps.field.width);
    if (sigma > widest) continue;  // too few counts: the votes know it better
    cv::GaussianBlur(speech.for_first, speech.for_first, {}, std::max(sigma, 0.5));
    const cv::Mat for_first = on_image(speech.for_first, maps.field, labels.size());
    labels.setTo(a, band & (for_first > 0));
    labels.setTo(b, band & (for_first <= 0));
  }
}

}  // namespace metamict
