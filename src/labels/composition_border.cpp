// SPDX-License-Identifier: GPL-3.0-or-later
#include "labels/composition_border.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

namespace metamict {

namespace {

/// What a count says for the first of two sides and against the second, in natural logarithms.
struct Saying {
  std::vector<double> of_each;  ///< a count of each map
  double of_all = 0;            ///< any X-ray, on top
  double distance = 0;          ///< what one X-ray says for its own side, in the mean
};

/// By the logarithm of how much larger each element's share is on the first side. 0 where the two
/// shares differ by less than three standard deviations: what leaks in from a third region must not
/// speak by chance. Half a count more of each keeps the logarithms finite.
Saying saying_of_shares(const CountedPart& first, const CountedPart& second) {
  constexpr double half = 0.5;
  const double more = half * static_cast<double>(first.each.size());
  const double all_first = first.all + more, all_second = second.all + more;
  Saying saying;
  for (std::size_t e = 0; e < first.each.size(); ++e) {
    const double a = (first.each[e] + half) / all_first, b = (second.each[e] + half) / all_second;
    const double both = (first.each[e] + second.each[e] + 2 * half) / (all_first + all_second);
    const double sd = std::sqrt(both * (1 - both) * (1 / all_first + 1 / all_second));
    saying.of_each.push_back(std::abs(a - b) > 3 * sd ? std::log(a / b) : 0.0);
    // Half the sum of the two Kullback-Leibler distances.
    saying.distance +=
        (first.each[e] / first.all - second.each[e] / second.all) * saying.of_each.back() / 2;
  }
  return saying;
}

/// The same of scores, whose noise by counting is Gaussian of variance 1 / counts.
Saying saying_of_scores(const CountedPart& first, const CountedPart& second) {
  const double sd = std::sqrt(1 / first.all + 1 / second.all);
  Saying saying;
  for (std::size_t k = 0; k < first.each.size(); ++k) {
    const double a = first.each[k] / first.all, b = second.each[k] / second.all;
    const bool differ = std::abs(a - b) > 3 * sd;
    saying.of_each.push_back(differ ? a - b : 0);
    if (!differ) continue;
    saying.of_all -= (a * a - b * b) / 2;
    saying.distance += (a - b) * (a - b) / 2;
  }
  return saying;
}

/// Which side each pixel of the maps speaks for, in natural logarithms: above 0 the first.
struct Speech {
  cv::Mat for_first;      // CV_32FC1, of the maps' size
  double of_a_pixel = 0;  // in the mean, for its own side
};

Speech speech_of(const ElementMaps& maps, const CountedPart& first, const CountedPart& second) {
  if (first.all <= 0 || second.all <= 0) return {};
  const Saying saying =
      maps.spectra ? saying_of_scores(first, second) : saying_of_shares(first, second);
  Speech speech{maps.all * saying.of_all, saying.distance * cv::mean(maps.all)[0]};
  for (std::size_t e = 0; e < maps.counts.size(); ++e)
    cv::scaleAdd(maps.counts[e], saying.of_each[e], speech.for_first, speech.for_first);
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

std::vector<CountedPart> counts_of_labels(const ElementMaps& maps, const cv::Mat& labels,
                                          std::size_t count) {
  std::vector<CountedPart> sums(count, {std::vector<double>(maps.elements.size(), 0), 0});
  const cv::Size size = maps.counts[0].size();
  const double width = maps.field.width / size.width, height = maps.field.height / size.height;
  const auto add = [&](int label, int row, int col, double share) {
    CountedPart& sum = sums[static_cast<std::size_t>(label)];
    for (std::size_t e = 0; e < maps.elements.size(); ++e)
      sum.each[e] += share * static_cast<double>(maps.counts[e].at<float>(row, col));
    sum.all += share * static_cast<double>(maps.all.at<float>(row, col));
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
  const std::vector<CountedPart> counts = counts_of_labels(
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
