// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/pictures/micrograph_picture.hpp"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/text.hpp"

namespace metamict {

cv::Mat grey_picture(const cv::Mat& pixels, cv::Size size) {
  cv::Mat scaled;
  const bool shrinks = size.width < pixels.cols;
  cv::resize(pixels, scaled, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_NEAREST);
  std::vector<float> sample;
  const std::size_t step = std::max<std::size_t>(1, scaled.total() / 100'000);
  for (std::size_t i = 0; i < scaled.total(); i += step)
    sample.push_back(reinterpret_cast<const float*>(scaled.data)[i]);
  const auto at = [&](double share) {
    const auto place = sample.begin() +
                       static_cast<std::ptrdiff_t>(share * static_cast<double>(sample.size() - 1));
    std::nth_element(sample.begin(), place, sample.end());
    return static_cast<double>(*place);
  };
  const double low = at(0.003), high = std::max(at(0.997), low + 1e-30);
  const double middle = std::clamp((at(0.5) - low) / (high - low), 0.01, 0.99);
  cv::Mat grey, curve(1, 256, CV_8U);
  scaled.convertTo(grey, CV_8U, 255 / (high - low), -255 * low / (high - low));
  const double gamma = std::clamp(std::log(0.4) / std::log(middle), 0.5, 1.0);
  for (int i = 0; i < 256; ++i)
    curve.at<std::uint8_t>(i) = cv::saturate_cast<std::uint8_t>(255 * std::pow(i / 255.0, gamma));
  cv::LUT(grey, curve, grey);
  return grey;
}

cv::Size picture_size(cv::Size image, int smallest, int largest) {
  const int longer = std::max(image.width, image.height);
  double factor = 1;
  if (longer > largest)
    factor = static_cast<double>(largest) / longer;
  else if (longer < smallest)
    factor =
        std::ceil(static_cast<double>(smallest) / longer);  // whole, so that pixels stay squares
  return {std::max(1, static_cast<int>(std::lround(image.width * factor))),
          std::max(1, static_cast<int>(std::lround(image.height * factor)))};
}

ScaleBar choose_scale_bar(const Micrograph& micrograph) {
  const std::optional<PixelSize> pixel = micrograph.pixel_size();
  const double width_nm = pixel ? pixel->width_nm : 1.0;
  const double longest = 0.28 * micrograph.pixels.cols * width_nm;
  const double power = std::pow(10, std::floor(std::log10(longest)));
  double length = power;
  for (const double factor : {2.0, 5.0})
    if (factor * power <= longest) length = factor * power;
  length = tidy(static_cast<float>(length));  // 0.2, without the rest that pow leaves
  const double height_px = micrograph.pixel_aspect == 1 || !pixel ? 0.0 : length / pixel->height_nm;
  std::string words = shortest(length) + (pixel ? " nm" : " px");
  if (pixel && length >= 1000) words = shortest(length / 1000) + " µm";
  return {length / width_nm, height_px, words};
}

}  // namespace metamict
